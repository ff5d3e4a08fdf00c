#include "daemon/config/check_config.h"

#include <utility>

#include "daemon/config/load_config.h"
#include "daemon/security/header_file.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

std::string Summary(const std::string& path, const ReferenceData& reference) {
  return fmt::format(
      "{}: ok: catalog version {} with {} chip kinds, {} plan(s){}\n", path,
      reference.catalog.version(), reference.catalog.kinds().size(), reference.plans.size(),
      reference.framework
          ? fmt::format(", framework '{}' version {}", reference.framework->assumptions.name,
                        reference.framework->assumptions.version)
          : "");
}

absl::Status CheckTls(const DaemonConfig& config, int64_t now_unix_seconds, ConfigCheck* check) {
  if (!config.tls) return absl::OkStatus();
  auto material = LoadTlsMaterial(config.tls->files, now_unix_seconds);
  if (!material.ok()) return material.status();
  for (std::string& warning : material->warnings) check->warnings.push_back(std::move(warning));
  return absl::OkStatus();
}

// The provider itself is not asked: it may be down, and this may run elsewhere.
absl::Status CheckTokens(const DaemonConfig& config, int64_t now_unix_seconds) {
  const std::string& ca = config.http.jwks_ca_file;
  if (!ca.empty()) {
    const auto material =
        LoadClientTlsMaterial({.certificate = "", .key = "", .authorities = ca}, now_unix_seconds);
    if (!material.ok()) return material.status();
  }
  return BearerTokens().Load(BearerTokenFilesOf(config));
}

absl::Status CheckOtlp(const OtlpConfig& otlp, int64_t now_unix_seconds, ConfigCheck* check) {
  if (!otlp.headers_file.empty()) {
    if (const auto headers = ReadHeaderFile(otlp.headers_file); !headers.ok()) {
      return headers.status();
    }
  }
  if (otlp.ca_file.empty()) return absl::OkStatus();
  auto material = LoadClientTlsMaterial(OtlpTlsPathsOf(otlp), now_unix_seconds);
  if (!material.ok()) return material.status();
  for (std::string& warning : material->warnings) check->warnings.push_back(std::move(warning));
  return absl::OkStatus();
}

}  // namespace

BearerTokenFiles BearerTokenFilesOf(const DaemonConfig& config) {
  const HttpConfig& http = config.http;
  return {
      .trust_domain = config.tls ? config.tls->trust_domain : "",
      .tokens = http.tokens_file,
      .jwks = http.jwks_file,
      .jwt = {
          .issuer = http.issuer, .audience = http.audience, .identity_claim = http.identity_claim}};
}

ProviderOptions ProviderOptionsOf(const DaemonConfig& config) {
  const HttpConfig& http = config.http;
  return {.url = http.jwks_url,
          .issuer = http.issuer,
          .ca_file = http.jwks_ca_file,
          .cache_file = http.jwks_cache,
          .refresh_nanos = http.jwks_refresh_nanos,
          .keep_nanos = http.jwks_keep_nanos};
}

TlsPaths OtlpTlsPathsOf(const OtlpConfig& otlp) {
  return {.certificate = otlp.certificate_file, .key = otlp.key_file, .authorities = otlp.ca_file};
}

absl::StatusOr<ConfigCheck> CheckConfig(
    const std::string& path, int64_t now_unix_seconds,
    absl::FunctionRef<absl::Status(const std::string& ledger_path)> check_ledger) {
  const auto config = LoadDaemonConfig(path);
  if (!config.ok()) return config.status();
  const auto reference = LoadReferenceData(*config);
  if (!reference.ok()) return reference.status();
  ConfigCheck check{.summary = Summary(path, *reference), .warnings = {}};
  absl::Status status = CheckTls(*config, now_unix_seconds, &check);
  if (status.ok()) status = CheckTokens(*config, now_unix_seconds);
  if (status.ok()) status = CheckOtlp(config->otlp, now_unix_seconds, &check);
  if (!status.ok()) return status;
  if (config->ledger.path.empty()) return check;
  status = check_ledger(config->ledger.path);
  if (absl::IsNotFound(status) || absl::IsPermissionDenied(status)) {
    check.warnings.push_back(fmt::format(
        "ledger.path: {}; the daemon does not start unless it finds its folder and may write there",
        std::string(status.message())));
  } else if (!status.ok()) {
    return absl::Status(status.code(),
                        fmt::format("{}: ledger.path: {}", path, std::string(status.message())));
  }
  return check;
}

}  // namespace fleetmeter
