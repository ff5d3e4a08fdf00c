// The metrics of access control and TLS. Thread-safe.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "daemon/base/mutex.h"
#include "daemon/security/access_probe.h"

namespace prometheus {
class Counter;
class Gauge;
class Registry;
template <typename T>
class Family;
}  // namespace prometheus

namespace fleetmeter {

class AccessMetrics final : public AccessProbe {
 public:
  // `registry` outlives the object.
  explicit AccessMetrics(prometheus::Registry& registry);

  void CallDenied(std::string_view listener, std::string_view reason) override;
  void TlsReloaded(bool ok) override;
  void TlsInForce(int64_t certificate_unix_seconds, int64_t client_ca_unix_seconds) override;

 private:
  // By listener and reason.
  std::map<std::pair<std::string, std::string>, prometheus::Counter*> denied_;
  prometheus::Counter& reloads_ok_;
  prometheus::Counter& reloads_failed_;
  // Without TLS it has no series: a certificate that is not there does not expire.
  prometheus::Family<prometheus::Gauge>& expiry_;
};

}  // namespace fleetmeter
