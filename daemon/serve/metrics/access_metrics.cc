#include "daemon/serve/metrics/access_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <array>

namespace fleetmeter {
namespace {

using enum MetricType;

constexpr Family<DaemonFigures> kAccessFamilies[] = {
    {{"fleetmeter_ingest_denied_total",
      kCounter,
      {"reason"},
      "The ingest listener denied this many calls and batches. The reason is identity for a caller "
      "without a certificate that names one, expired for the certificate of an open connection, "
      "role for an identity without the role ingest, pool for an identity that may not report for "
      "a "
      "pool, and source for an identity that reported for a source of another one. Reports that "
      "are denied are counted nowhere else, except those of the reason source, which are rejected "
      "one by one."},
     Counted},
    {{"fleetmeter_query_denied_total",
      kCounter,
      {"reason"},
      "This many calls that need the role query were denied, at the query listener and over HTTP, "
      "for the reason identity, expired or role, or pool where an identity may see some pools only "
      "and asks about all of them."},
     Counted},
    {{"fleetmeter_admin_denied_total",
      kCounter,
      {"reason"},
      "This many calls that need the role admin were denied, at the admin listener and over HTTP, "
      "for the reason identity, expired or role."},
     Counted},
    {{"fleetmeter_capacity_denied_total",
      kCounter,
      {"role", "reason"},
      "This many calls about requests for capacity that need the role ask, decide or allocate were "
      "denied, at the query listener. The reason is identity, expired or role as for other calls, "
      "team for an identity that may not ask for a team, and pool for one that may not decide in a "
      "pool. Nothing was changed by them."},
     Counted},
    {{"fleetmeter_tls_reloads_total",
      kCounter,
      {"result"},
      "Changed TLS files were read this many times. With the result ok they are in force; with the "
      "result failed the old ones stay."},
     Counted},
    {{"fleetmeter_tls_certificate_expiry_timestamp_seconds",
      kGauge,
      {"certificate"},
      "The certificate is valid until this time, as seconds since the Unix epoch. The certificate "
      "daemon is that of the daemon, and client_ca is the first to expire of the authorities that "
      "clients are checked against. The series are absent without TLS."},
     Counted},
    {{"fleetmeter_provider_key_fetches_total",
      kCounter,
      {"result"},
      "The keys of the OpenID Connect provider of http.jwks_url were asked for this many times. "
      "With the result ok they are in force; with the result failed those from before stay for as "
      "long as http.jwks_keep says. The series are absent until they were asked for."},
     Counted},
    {{"fleetmeter_provider_keys",
      kGauge,
      {},
      "This many keys of the OpenID Connect provider of http.jwks_url are taken. At 0 they were "
      "fetched too long ago, and its tokens are refused. The series is absent until there were "
      "keys."},
     Counted},
    {{"fleetmeter_provider_keys_fetched_timestamp_seconds",
      kGauge,
      {},
      "The latest keys of the OpenID Connect provider of http.jwks_url were fetched at this time, "
      "as seconds since the Unix epoch. After a restart it is the time at which the keys of "
      "http.jwks_cache were fetched. The series is absent until there were keys."},
     Counted},
};

constexpr const Metric& kReloads =
    Declared(kAccessFamilies, "fleetmeter_tls_reloads_total", kCounter);
constexpr const Metric& kExpiry =
    Declared(kAccessFamilies, "fleetmeter_tls_certificate_expiry_timestamp_seconds", kGauge);
constexpr const Metric& kKeyFetches =
    Declared(kAccessFamilies, "fleetmeter_provider_key_fetches_total", kCounter);
constexpr const Metric& kProviderKeys =
    Declared(kAccessFamilies, "fleetmeter_provider_keys", kGauge);
constexpr const Metric& kKeysFetchedAt =
    Declared(kAccessFamilies, "fleetmeter_provider_keys_fetched_timestamp_seconds", kGauge);
constexpr std::pair<const char*, const Metric&> kDenied[] = {
    {"ingest", Declared(kAccessFamilies, "fleetmeter_ingest_denied_total", kCounter)},
    {"query", Declared(kAccessFamilies, "fleetmeter_query_denied_total", kCounter)},
    {"admin", Declared(kAccessFamilies, "fleetmeter_admin_denied_total", kCounter)},
};

constexpr const Metric& kCapacityDenied =
    Declared(kAccessFamilies, "fleetmeter_capacity_denied_total", kCounter);
constexpr std::array kCapacityRoles = {"ask", "decide", "allocate"};

// Sources are checked where usage is reported, pools where they are asked for or decided in too.
bool CanHappen(std::string_view listener, std::string_view reason) {
  if (reason == "team") return listener == "ask";
  if (reason == "pool") {
    return listener == "ingest" || listener == "query" || listener == "decide";
  }
  return reason != "source" || listener == "ingest";
}

}  // namespace

constexpr MetricGroup<DaemonFigures> kAccessMetrics = {
    "Access and TLS",
    "These families show which calls were denied, and how long the TLS files in force are valid. A "
    "handshake that TLS itself refuses is not counted, because gRPC does not report it.",
    kAccessFamilies,
};

AccessMetrics::AccessMetrics(prometheus::Registry& registry)
    : registry_(registry),
      reloads_ok_(AddCounter(registry, kReloads, {"ok"})),
      reloads_failed_(AddCounter(registry, kReloads, {"failed"})) {
  for (const auto& [listener, metric] : kDenied) {
    for (const std::string_view reason : kDenials) {
      if (!CanHappen(listener, reason)) continue;
      const std::string name(reason);
      denied_[{listener, name}] = &AddCounter(registry, metric, {name});
    }
  }
  for (const std::string role : kCapacityRoles) {
    for (const std::string_view reason : kDenials) {
      if (!CanHappen(role, reason)) continue;
      const std::string name(reason);
      denied_[{role, name}] = &AddCounter(registry, kCapacityDenied, {role, name});
    }
  }
}

void AccessMetrics::CallDenied(std::string_view listener, std::string_view reason) {
  denied_.at({std::string(listener), std::string(reason)})->Increment();
}

void AccessMetrics::TlsReloaded(bool ok) { (ok ? reloads_ok_ : reloads_failed_).Increment(); }

// Without TLS there are no series: a certificate that is not there does not expire.
void AccessMetrics::TlsInForce(int64_t certificate_unix_seconds, int64_t client_ca_unix_seconds) {
  AddGauge(registry_, kExpiry, {"daemon"}).Set(static_cast<double>(certificate_unix_seconds));
  AddGauge(registry_, kExpiry, {"client_ca"}).Set(static_cast<double>(client_ca_unix_seconds));
}

void AccessMetrics::KeysFetched(bool ok) {
  for (const bool result : {true, false}) {
    AddCounter(registry_, kKeyFetches, {result ? "ok" : "failed"}).Increment(result == ok ? 1 : 0);
  }
}

// The time of the latest keys stays when they are too old: it says how old.
void AccessMetrics::KeysInForce(size_t keys, std::optional<int64_t> fetched_unix_seconds) {
  AddGauge(registry_, kProviderKeys).Set(static_cast<double>(keys));
  if (!fetched_unix_seconds) return;
  AddGauge(registry_, kKeysFetchedAt).Set(static_cast<double>(*fetched_unix_seconds));
}

}  // namespace fleetmeter
