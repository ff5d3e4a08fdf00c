// TLS of an HTTP server: the certificate in force for each new connection, and who is on the other
// side. A client certificate is asked for and not demanded, since a browser may come with a token.
// One that leads to none of our authorities ends the handshake.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/security/tls_files.h"

struct ssl_st;  // OpenSSL's SSL

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace fleetmeter {

struct HttpTlsMaterial {
  std::shared_ptr<const TlsMaterial> material;
  uint64_t version = 0;  // another number, another material
};
// What is in force; asked for each new connection, on the serving thread.
using HttpTlsSource = std::function<HttpTlsMaterial()>;

// The serving thread's own.
class HttpTls {
 public:
  // `source` may be null: there is no TLS.
  explicit HttpTls(HttpTlsSource source) : source_(std::move(source)) {}

  bool enabled() const { return source_ != nullptr; }
  // For one more connection. Errors are OpenSSL's, of a material that was checked before.
  absl::StatusOr<std::shared_ptr<boost::asio::ssl::context>> Context();

 private:
  const HttpTlsSource source_;
  uint64_t version_ = 0;
  std::shared_ptr<boost::asio::ssl::context> context_;
};

// The certificate of the other side, as PEM; empty: it has none.
std::string PeerCertificate(const ssl_st* connection);

}  // namespace fleetmeter
