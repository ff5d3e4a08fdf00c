// The metrics of access control and TLS. Thread-safe.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "daemon/security/access_probe.h"
#include "daemon/serve/metrics/daemon_figures.h"

namespace fleetmeter {

extern const MetricGroup<DaemonFigures> kAccessMetrics;

class AccessMetrics final : public AccessProbe {
 public:
  // `registry` outlives the object.
  explicit AccessMetrics(prometheus::Registry& registry);

  void CallDenied(std::string_view listener, std::string_view reason) override;
  void TlsReloaded(bool ok) override;
  void TlsInForce(int64_t certificate_unix_seconds, int64_t client_ca_unix_seconds) override;
  void KeysFetched(bool ok) override;
  void KeysInForce(size_t keys, std::optional<int64_t> fetched_unix_seconds) override;

 private:
  prometheus::Registry& registry_;
  // By listener and reason.
  std::map<std::pair<std::string, std::string>, prometheus::Counter*> denied_;
  prometheus::Counter& reloads_ok_;
  prometheus::Counter& reloads_failed_;
};

}  // namespace fleetmeter
