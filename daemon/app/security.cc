#include "daemon/app/security.h"

#include <grpcpp/security/server_credentials.h>
#include <spdlog/spdlog.h>

namespace fleetmeter {
namespace {

AccessPolicy PolicyOf(const DaemonConfig& config) {
  if (!config.tls) return AccessPolicy::OpenToAll();
  return AccessPolicy(config.tls->trust_domain, config.authorization);
}

}  // namespace

Security::Security(const DaemonConfig& config, AccessProbe& probe, const Clock& clock)
    : audit_(AuditLog::DefaultLogger(), clock),
      access_(PolicyOf(config), audit_, probe, clock),
      store_(probe, clock) {
  if (config.tls) files_ = config.tls->files;
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
  return security;
}

std::shared_ptr<grpc::ServerCredentials> Security::MakeCredentials() {
  return files_ ? store_.MakeCredentials() : grpc::InsecureServerCredentials();
}

void Security::Replace(const DaemonConfig& config) {
  access_.Replace(PolicyOf(config));
  if (config.tls) files_ = config.tls->files;
}

absl::Status Security::ReloadTls() {
  if (!files_) return absl::OkStatus();
  Watch();
  watch_.Changed();  // what is there now is what is read now
  return store_.Reload(*files_);
}

void Security::Watch() { watch_.Watch({files_->certificate, files_->key, files_->authorities}); }

}  // namespace fleetmeter
