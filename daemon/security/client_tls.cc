#include "daemon/security/client_tls.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/channel_arguments.h>
#include <netinet/in.h>

#include <ctime>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/security/certificate.h"

namespace fleetmeter {
namespace {

namespace experimental = grpc::experimental;

// Names that are looked up may come to mean another machine.
bool IsLoopback(const std::string& address) {
  if (address.starts_with("unix:")) return true;
  std::string host = address.substr(0, address.rfind(':'));
  if (host == "localhost") return true;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6;
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

// Lets only the daemon of one identity answer; gRPC has checked its chain before.
class IdentityVerifier final : public experimental::ExternalCertificateVerifier {
 public:
  explicit IdentityVerifier(SpiffeId expected) : expected_(std::move(expected)) {}

  bool Verify(experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* status) override {
    const grpc::string_ref pem = request->peer_cert();
    const auto certificate =
        ReadCertificateIdentity(std::string_view(pem.data(), pem.size()), expected_.trust_domain);
    if (!certificate.ok()) {
      *status = {grpc::StatusCode::UNAUTHENTICATED, std::string(certificate.status().message())};
    } else if (certificate->id != expected_) {
      *status = {
          grpc::StatusCode::UNAUTHENTICATED,
          fmt::format("the daemon is {}; expected {}", certificate->id.Text(), expected_.Text())};
    } else {
      *status = grpc::Status::OK;
    }
    return true;  // decided at once
  }
  void Cancel(experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const SpiffeId expected_;
};

std::shared_ptr<grpc::ChannelCredentials> CredentialsForIdentity(const TlsMaterial& material,
                                                                 SpiffeId expected) {
  std::vector<experimental::IdentityKeyCertPair> own;
  if (!material.certificate.empty()) own.push_back({material.key, material.certificate});
  experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<experimental::StaticDataCertificateProvider>(material.authorities, own));
  options.watch_root_certs();
  if (!own.empty()) options.watch_identity_key_cert_pairs();
  options.set_certificate_verifier(
      experimental::ExternalCertificateVerifier::Create<IdentityVerifier>(std::move(expected)));
  options.set_check_call_host(false);  // the identity counts, whatever the address is called
  return experimental::TlsCredentials(options);
}

absl::Status Bad(const std::string& what) { return absl::InvalidArgumentError(what); }

}  // namespace

absl::Status CheckClientTls(const ClientTls& tls, const std::string& address) {
  if (tls.files.certificate.empty() != tls.files.key.empty()) {
    return Bad("--tls-certificate and --tls-key belong together; expected both or neither");
  }
  if (!tls.enabled()) {
    if (!tls.files.certificate.empty() || !tls.server_name.empty() ||
        !tls.daemon_identity.empty()) {
      return Bad("TLS is asked for without --tls-ca; expected the authorities to trust");
    }
    if (IsLoopback(address) || tls.plaintext_beyond_loopback_without_authentication) {
      return absl::OkStatus();
    }
    return Bad(
        fmt::format("{} is beyond loopback; expected --tls-ca (and --tls-certificate, --tls-key), "
                    "since without "
                    "TLS nobody knows who answers there and who reads along",
                    AsciiQuoted(address)));
  }
  if (!tls.server_name.empty() && !tls.daemon_identity.empty()) {
    return Bad("--tls-server-name and --daemon-identity are both given; expected one of them");
  }
  if (tls.daemon_identity.empty()) return absl::OkStatus();
  if (const auto id = ParseSpiffeId(tls.daemon_identity); !id.ok()) {
    return Bad(fmt::format("--daemon-identity: {}", std::string(id.status().message())));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const ClientTls& tls, grpc::ChannelArguments* arguments) {
  if (!tls.enabled()) return grpc::InsecureChannelCredentials();
  const auto material = LoadClientTlsMaterial(tls.files, std::time(nullptr));
  if (!material.ok()) return material.status();
  if (!tls.daemon_identity.empty()) {
    auto id = ParseSpiffeId(tls.daemon_identity);
    if (!id.ok()) return id.status();
    return CredentialsForIdentity(*material, *std::move(id));
  }
  if (!tls.server_name.empty()) arguments->SetSslTargetNameOverride(tls.server_name);
  return grpc::SslCredentials({material->authorities, material->key, material->certificate});
}

}  // namespace fleetmeter
