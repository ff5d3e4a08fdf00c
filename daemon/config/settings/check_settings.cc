#include "daemon/config/settings/check_settings.h"

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/config/listen_address.h"
#include "daemon/config/otlp_endpoint.h"
#include "daemon/fetch/http_fetch.h"
#include "daemon/security/access_policy.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

uint16_t PortOf(const std::string& text) {
  const auto address = ParseListenAddress(text);
  return address.ok() ? address->port : uint16_t{0};
}

// What never fits would be sent again for ever.
void CheckRate(const YamlValue& section, const IngestConfig& ingest) {
  constexpr std::string_view kRate = "ingest.rate";
  if (!section.present()) return;
  if (ingest.rate.burst_reports < ingest.max_reports_per_batch) {
    section.file()->ComplainAt(
        kRate,
        fmt::format(
            "burst_reports is {} and max_reports_per_batch {}; expected room for a whole batch",
            ingest.rate.burst_reports, ingest.max_reports_per_batch));
  }
  if (ingest.rate.burst_bytes < ingest.max_message_bytes) {
    section.file()->ComplainAt(
        kRate,
        fmt::format("burst_bytes is {} and max_message {} bytes; expected room for a whole message",
                    ingest.rate.burst_bytes, ingest.max_message_bytes));
  }
}

bool Gives(const YamlValue& root, std::string_view key) {
  const std::vector<std::string>& keys = root.node().keys;
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// There must be rules exactly if there is TLS.
void CheckRulesGiven(const YamlValue& root, const DaemonConfig& config) {
  const bool given = Gives(root, "authorization");
  if (given && !config.tls) {
    root.file()->ComplainAt(
        "authorization",
        "is given without tls; expected tls as well, since without it callers cannot be told "
        "apart");
  }
  if (!given && config.tls) {
    root.file()->ComplainAt(
        "authorization",
        "is missing; expected at least one rule, since with tls nobody may do anything that no "
        "rule grants");
  }
}

void CheckRuleIdentities(const YamlValue& root, const DaemonConfig& config) {
  if (!config.tls || config.tls->trust_domain.empty()) return;
  for (size_t i = 0; i < config.authorization.size(); ++i) {
    const std::string& identity = config.authorization[i].identity;
    if (identity.empty()) continue;  // complained about before
    const absl::Status status = CheckRuleIdentity(identity, config.tls->trust_domain);
    if (status.ok()) continue;
    root.file()->ComplainAt(fmt::format("authorization[{}].identity", i),
                            std::string(status.message()));
  }
}

// Listeners that other machines could reach, where nobody would be asked who he is.
void CheckReach(YamlFile* file, const DaemonConfig& config) {
  if (config.listen.allow_plaintext_beyond_loopback_without_authentication) return;
  const auto check = [&](std::string_view name, const std::string& text, bool has_tls) {
    const auto address = ParseListenAddress(text);
    if (!address.ok() || address->loopback || has_tls) return;
    const bool http = name == "http";
    file->ComplainAt(
        fmt::format("listen.{}", name),
        fmt::format("is {}, beyond loopback; expected {}", Quoted(text),
                    http ? "loopback, since this listener has no TLS; set http.tls, or put a "
                           "proxy that authenticates before it"
                         : "tls to be configured, or loopback"));
  };
  check("ingest", config.listen.ingest, config.tls.has_value());
  check("query", config.listen.query, config.tls.has_value());
  check("http", config.listen.http, config.tls.has_value() && config.http.tls);
  check("admin", config.listen.admin, config.tls.has_value());
}

// Who comes over HTTP is told apart by the trust domain and the rules.
void CheckHttpAccess(YamlFile* file, const DaemonConfig& config) {
  const HttpConfig& http = config.http;
  const auto needs_tls = [&](std::string_view key, bool given) {
    if (!given || config.tls) return;
    file->ComplainAt(fmt::format("http.{}", key),
                     "is given without tls; expected tls and authorization as well, since without "
                     "them callers cannot be told apart");
  };
  needs_tls("tls", http.tls);
  needs_tls("tokens_file", !http.tokens_file.empty());
  needs_tls("jwks_file", !http.jwks_file.empty());
  needs_tls("jwks_url", !http.jwks_url.empty());
}

// The provider that signs tokens: where its keys are, and for whom it may sign.
void CheckProvider(YamlFile* file, const HttpConfig& http) {
  const bool from_file = !http.jwks_file.empty();
  const bool from_url = !http.jwks_url.empty();
  if ((from_file || from_url) && (http.issuer.empty() || http.audience.empty())) {
    file->ComplainAt(from_file ? "http.jwks_file" : "http.jwks_url",
                     "is given without issuer or audience; expected both, since the provider signs "
                     "tokens for others too");
  }
  if (from_url) return;
  for (const auto& [key, value] : {std::pair("http.jwks_ca_file", http.jwks_ca_file),
                                   std::pair("http.jwks_cache", http.jwks_cache)}) {
    if (!value.empty()) file->ComplainAt(key, "is given without jwks_url; expected it as well");
  }
}

void CheckJwksUrl(YamlFile* file, const HttpConfig& http) {
  if (http.jwks_url.empty()) return;
  const auto url = FetchUrl::Parse(http.jwks_url);
  if (!url.ok() || url->scheme != FetchUrl::Scheme::kHttps) {
    file->ComplainAt("http.jwks_url",
                     fmt::format("is {}; expected https://HOST/PATH", AsciiQuoted(http.jwks_url)));
  }
  if (http.jwks_keep_nanos < http.jwks_refresh_nanos) {
    file->ComplainAt("http.jwks_keep",
                     "is shorter than jwks_refresh; expected keys to be kept until they are "
                     "fetched again");
  }
}

}  // namespace

// Two listeners on one port fail at start-up, after the books are open: better said here.
void CheckTogether(const YamlValue& section, const ListenConfig& listen) {
  const uint16_t ingest = PortOf(listen.ingest);
  const uint16_t query = PortOf(listen.query);
  const uint16_t http = PortOf(listen.http);
  const uint16_t admin = PortOf(listen.admin);
  std::set<uint16_t> taken;
  for (const uint16_t used : {ingest, query, http, admin}) {
    if (used == 0 || taken.insert(used).second) continue;
    section.Complain(
        fmt::format("ingest, query, http and admin use ports {}, {}, {} and {} (0: any); expected "
                    "a port of its own for each",
                    ingest, query, http, admin));
    return;
  }
}

void CheckTogether(const YamlValue& section, const IngestConfig& ingest) {
  CheckRate(section, ingest);
  if (ingest.max_reports_per_batch > ingest.queue_reports) {
    section.Complain(
        fmt::format("max_reports_per_batch is {} and queue_reports {}; expected room in the queue "
                    "for a whole batch",
                    ingest.max_reports_per_batch, ingest.queue_reports));
  }
  if (ingest.commit_reports > ingest.queue_reports) {
    section.Complain(
        fmt::format("commit_reports is {} and queue_reports {}; expected commit_reports "
                    "to be at most queue_reports",
                    ingest.commit_reports, ingest.queue_reports));
  }
}

void CheckTogether(const YamlValue& section, const OtlpConfig& otlp) {
  const bool certificate = !otlp.certificate_file.empty();
  if (certificate == otlp.key_file.empty() || (certificate && otlp.ca_file.empty())) {
    section.Complain(
        "certificate_file, key_file and ca_file belong together; expected the first two with the "
        "third, or neither");
  }
  if (otlp.endpoint.empty()) return;
  const auto endpoint = ParseOtlpEndpoint(otlp.endpoint);
  if (!endpoint.ok()) {
    return section.Complain(fmt::format("endpoint {}", std::string(endpoint.status().message())));
  }
  if (endpoint->tls) return;
  if (!otlp.ca_file.empty() || !otlp.server_name.empty()) {
    section.Complain("has settings of TLS for an endpoint without it; expected https://");
  }
  if (!endpoint->loopback && !otlp.allow_plaintext_beyond_loopback) {
    section.Complain(
        fmt::format("endpoint is {}, beyond loopback and without TLS; expected https://, or "
                    "allow_plaintext_beyond_loopback",
                    AsciiQuoted(otlp.endpoint)));
  }
}

void CheckTogether(const YamlValue& section, const LedgerConfig& ledger) {
  if (ledger.keep_days_nanos >= ledger.keep_hours_nanos) return;
  section.Complain(
      "keep_days is shorter than keep_hours; expected days to be kept at least as long as hours");
}

void CheckTogether(const YamlValue& section, const LiveConfig& live) {
  if (live.forget_after_nanos >= live.silent_after_nanos) return;
  section.Complain(
      "forget_after is shorter than silent_after; expected a source to fall silent before its "
      "chips are unaccounted for");
}

void CheckTogether(const YamlValue& root, const DaemonConfig& config) {
  CheckRulesGiven(root, config);
  CheckRuleIdentities(root, config);
  CheckReach(root.file(), config);
  CheckHttpAccess(root.file(), config);
  CheckProvider(root.file(), config.http);
  CheckJwksUrl(root.file(), config.http);
}

}  // namespace fleetmeter
