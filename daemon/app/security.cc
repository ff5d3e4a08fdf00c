#include "daemon/app/security.h"

#include <grpcpp/security/server_credentials.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "daemon/config/check_config.h"

namespace fleetmeter {
namespace {

AccessPolicy PolicyOf(const DaemonConfig& config) {
  if (!config.tls) return AccessPolicy::OpenToAll();
  return AccessPolicy(config.tls->trust_domain, config.authorization);
}

}  // namespace

Security::Security(const DaemonConfig& config, AccessProbe& probe, const Clock& clock)
    : probe_(probe),
      clock_(clock),
      audit_(AuditLog::DefaultLogger(), clock),
      access_(PolicyOf(config), audit_, probe, clock, &tokens_),
      store_(probe, clock) {
  if (config.tls) files_ = config.tls->files;
  http_tls_ = config.tls && config.http.tls;
  UseHttp(config);
}

void Security::UseHttp(const DaemonConfig& config) {
  token_files_ = BearerTokenFilesOf(config);
  UseProvider(config);
}

// One that stays as it is keeps its keys.
void Security::UseProvider(const DaemonConfig& config) {
  ProviderOptions options = ProviderOptionsOf(config);
  if (provider_ != nullptr && provider_->options() == options) return;
  if (provider_ == nullptr && options.url.empty()) return;
  Stop();
  provider_ = nullptr;
  if (options.url.empty()) {
    probe_.KeysInForce(0, std::nullopt);
  } else {
    provider_ = std::make_shared<ProviderKeys>(std::move(options), probe_, clock_);
  }
}

void Security::Stop() {
  if (provider_ != nullptr) provider_->Stop();
}

absl::StatusOr<std::unique_ptr<Security>> Security::Start(const DaemonConfig& config,
                                                          AccessProbe& probe, const Clock& clock) {
  std::unique_ptr<Security> security(new Security(config, probe, clock));
  if (config.listen.allow_plaintext_beyond_loopback_without_authentication) {
    spdlog::warn(
        "listen.allow_plaintext_beyond_loopback_without_authentication is on: listeners without "
        "TLS serve whoever can reach them");
  }
  if (config.tls) {
    security->Watch();  // before the files are read, so that no change falls between
    if (absl::Status status = security->store_.Load(config.tls->files); !status.ok()) return status;
  }
  security->token_watch_.Watch(security->token_files_.Paths());
  if (absl::Status status = security->tokens_.Load(security->token_files_, security->provider_);
      !status.ok()) {
    return status;
  }
  return security;
}

HttpTlsSource Security::MakeHttpTls() {
  if (!http_tls_) return nullptr;
  return [this] {
    TlsStore::InForce in_force = store_.in_force();
    return HttpTlsMaterial{std::move(in_force.material), in_force.version};
  };
}

std::shared_ptr<grpc::ServerCredentials> Security::MakeCredentials() {
  return files_ ? store_.MakeCredentials() : grpc::InsecureServerCredentials();
}

void Security::Replace(const DaemonConfig& config) {
  access_.Replace(PolicyOf(config));
  if (config.tls) files_ = config.tls->files;
  UseHttp(config);
  ReloadTokens().IgnoreError();  // logged where it is found
}

absl::Status Security::ReloadTokens() {
  token_watch_.Watch(token_files_.Paths());
  token_watch_.Changed();  // what is there now is what is read now
  absl::Status status = tokens_.Load(token_files_, provider_);
  if (!status.ok()) {
    spdlog::error("new token files refused, the old ones stay in force: {}",
                  std::string(status.message()));
  }
  return status;
}

absl::Status Security::ReloadTls() {
  if (!files_) return absl::OkStatus();
  Watch();
  watch_.Changed();  // what is there now is what is read now
  return store_.Reload(*files_);
}

void Security::Watch() { watch_.Watch({files_->certificate, files_->key, files_->authorities}); }

}  // namespace fleetmeter
