#include "daemon/security/tls_store.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace fleetmeter {
namespace {

// One listener's credentials. gRPC calls Fetch for each new connection, under a lock of its own.
class FollowingCredentials final : public grpc::ServerCredentials {
 public:
  explicit FollowingCredentials(TlsStore& store)
      : store_(store),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, Fetch, this))) {}
  ~FollowingCredentials() override { grpc_server_credentials_release(credentials_); }

  // We decide in the handlers, where the request is known.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    return static_cast<FollowingCredentials*>(self)->FetchIfNew(config);
  }

  grpc_ssl_certificate_config_reload_status FetchIfNew(
      grpc_ssl_server_certificate_config** config) {
    const TlsStore::InForce in_force = store_.in_force();
    if (in_force.version == version_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {in_force.material->key.c_str(),
                                             in_force.material->certificate.c_str()};
    *config =
        grpc_ssl_server_certificate_config_create(in_force.material->authorities.c_str(), &pair, 1);
    if (*config == nullptr) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL;
    version_ = in_force.version;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  TlsStore& store_;
  uint64_t version_ = 0;
  grpc_server_credentials* const credentials_;
};

}  // namespace

absl::Status TlsStore::Load(const TlsPaths& paths) {
  auto material = LoadTlsMaterial(paths, clock_.UnixNanos() / kNanosPerSecond);
  if (!material.ok()) return material.status();
  TakeUp(*std::move(material));
  return absl::OkStatus();
}

absl::Status TlsStore::Reload(const TlsPaths& paths) {
  auto material = LoadTlsMaterial(paths, clock_.UnixNanos() / kNanosPerSecond);
  if (!material.ok()) {
    probe_.TlsReloaded(false);
    spdlog::error("new TLS files refused, the old ones stay in force: {}",
                  std::string(material.status().message()));
    return material.status();
  }
  if (in_force().material->SameAs(*material)) return absl::OkStatus();
  TakeUp(*std::move(material));
  probe_.TlsReloaded(true);
  spdlog::info("new TLS files are in force: {}, {}", paths.certificate, paths.authorities);
  return absl::OkStatus();
}

void TlsStore::TakeUp(TlsMaterial material) {
  for (const std::string& warning : material.warnings) spdlog::warn("{}", warning);
  const auto next = std::make_shared<const TlsMaterial>(std::move(material));
  {
    MutexLock lock(mutex_);
    in_force_ = {next, in_force_.version + 1};
  }
  probe_.TlsInForce(next->certificate_not_after_unix_seconds,
                    next->authorities_not_after_unix_seconds);
}

TlsStore::InForce TlsStore::in_force() {
  MutexLock lock(mutex_);
  return in_force_;
}

std::shared_ptr<grpc::ServerCredentials> TlsStore::MakeCredentials() {
  return std::make_shared<FollowingCredentials>(*this);
}

}  // namespace fleetmeter
