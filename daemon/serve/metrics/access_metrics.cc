#include "daemon/serve/metrics/access_metrics.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace fleetmeter {
namespace {

// Pools are checked where usage is reported, and nowhere else.
bool CanHappen(const std::string& listener, std::string_view reason) {
  return reason != "pool" || listener == "ingest";
}

prometheus::Counter& Reloads(prometheus::Registry& registry, const std::string& result) {
  return prometheus::BuildCounter()
      .Name("fleetmeter_tls_reloads_total")
      .Help(
          "Times that changed TLS files were read: ok, they are in force; failed, the old ones "
          "stay.")
      .Register(registry)
      .Add({{"result", result}});
}

}  // namespace

AccessMetrics::AccessMetrics(prometheus::Registry& registry)
    : reloads_ok_(Reloads(registry, "ok")),
      reloads_failed_(Reloads(registry, "failed")),
      expiry_(prometheus::BuildGauge()
                  .Name("fleetmeter_tls_certificate_expiry_timestamp_seconds")
                  .Help("Until when the daemon's certificate, and the first of the authorities "
                        "that clients are checked against, is valid.")
                  .Register(registry)) {
  for (const std::string listener : {"ingest", "query", "admin"}) {
    auto& family = prometheus::BuildCounter()
                       .Name(fmt::format("fleetmeter_{}_denied_total", listener))
                       .Help(fmt::format("Calls denied on the {} listener, by reason.", listener))
                       .Register(registry);
    for (const std::string_view reason : kDenials) {
      if (!CanHappen(listener, reason)) continue;
      const std::string name(reason);
      denied_[{listener, name}] = &family.Add({{"reason", name}});
    }
  }
}

void AccessMetrics::CallDenied(std::string_view listener, std::string_view reason) {
  denied_.at({std::string(listener), std::string(reason)})->Increment();
}

void AccessMetrics::TlsReloaded(bool ok) { (ok ? reloads_ok_ : reloads_failed_).Increment(); }

void AccessMetrics::TlsInForce(int64_t certificate_unix_seconds, int64_t client_ca_unix_seconds) {
  expiry_.Add({{"certificate", "daemon"}}).Set(static_cast<double>(certificate_unix_seconds));
  expiry_.Add({{"certificate", "client_ca"}}).Set(static_cast<double>(client_ca_unix_seconds));
}

}  // namespace fleetmeter
