#include "daemon/serve/http/http_tls.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

#include "daemon/security/openssl.h"

namespace fleetmeter {
namespace {

namespace ssl = boost::asio::ssl;

// Browsers offer the certificates that lead to one of these.
void NameAuthorities(const std::vector<X509Ptr>& authorities, SSL_CTX* context) {
  for (const X509Ptr& authority : authorities) SSL_CTX_add_client_CA(context, authority.get());
}

absl::StatusOr<std::shared_ptr<ssl::context>> MakeContext(const TlsMaterial& material) {
  const auto authorities = ReadCertificates(material.authorities);
  if (!authorities.ok()) return authorities.status();
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  const auto buffer = [](const std::string& text) { return boost::asio::buffer(text); };
  boost::system::error_code error;
  context->use_certificate_chain(buffer(material.certificate), error);
  if (!error) context->use_private_key(buffer(material.key), ssl::context::pem, error);
  if (!error) context->add_certificate_authority(buffer(material.authorities), error);
  if (!error) context->set_verify_mode(ssl::verify_peer, error);
  if (error) return absl::InternalError(error.message());
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  // A session that is taken up again would bring an identity along that was checked long ago.
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  NameAuthorities(*authorities, context->native_handle());
  return context;
}

}  // namespace

absl::StatusOr<std::shared_ptr<ssl::context>> HttpTls::Context() {
  const HttpTlsMaterial in_force = source_();
  if (context_ != nullptr && version_ == in_force.version) return context_;
  auto made = MakeContext(*in_force.material);
  if (!made.ok()) return made.status();
  version_ = in_force.version;
  context_ = *std::move(made);
  return context_;
}

std::string PeerCertificate(const ssl_st* connection) {
  const X509Ptr certificate(SSL_get1_peer_certificate(connection));
  if (certificate == nullptr) return "";
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), certificate.get()) != 1) return "";
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

}  // namespace fleetmeter
