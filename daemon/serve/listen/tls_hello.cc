#include "daemon/serve/listen/tls_hello.h"

#include <fmt/format.h>
#include <netdb.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace fleetmeter {
namespace {

// A TLS record's header is 5 bytes; the byte after it says which handshake message it carries.
constexpr size_t kEnough = 6;
constexpr unsigned char kHandshakeRecord = 22;
constexpr unsigned char kServerHello = 2;

absl::Status Failed(const std::string& address, const char* step) {
  return absl::UnavailableError(
      fmt::format("{}: cannot {}: {}", address, step, std::system_category().message(errno)));
}

// An open descriptor, or -1.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

// The bytes of a ClientHello that offers HTTP/2. Empty: OpenSSL cannot.
std::string ClientHello() {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  if (context == nullptr) return "";
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  if (ssl == nullptr || in == nullptr || out == nullptr) {
    BIO_free(in);
    BIO_free(out);
    return "";
  }
  SSL_set_bio(ssl.get(), in, out);  // which frees them from now on
  constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  if (SSL_set_alpn_protos(ssl.get(), kHttp2, sizeof kHttp2) != 0) return "";
  SSL_connect(ssl.get());  // writes its hello, and then wants an answer
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out, &bytes);
  return size > 0 ? std::string(bytes, static_cast<size_t>(size)) : "";
}

absl::Status Exchange(const addrinfo& to, const std::string& address,
                      std::chrono::milliseconds patience) {
  const Descriptor fd(socket(to.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return Failed(address, "open a socket");
  const timeval limit{.tv_sec = patience.count() / 1'000,
                      .tv_usec = patience.count() % 1'000 * 1'000};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);  // of connect(), too
  if (connect(fd.get(), to.ai_addr, to.ai_addrlen) != 0) return Failed(address, "connect");
  const std::string hello = ClientHello();
  if (hello.empty()) return absl::UnavailableError("OpenSSL made no ClientHello");
  if (send(fd.get(), hello.data(), hello.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(hello.size())) {
    return Failed(address, "send a ClientHello");
  }
  std::array<unsigned char, kEnough> answer{};
  const ssize_t got = recv(fd.get(), answer.data(), answer.size(), MSG_WAITALL);
  if (got < 0) return Failed(address, "read a ServerHello");
  if (got < static_cast<ssize_t>(kEnough)) {
    return absl::UnavailableError(
        fmt::format("{}: closed the connection; expected a ServerHello", address));
  }
  if (answer[0] != kHandshakeRecord || answer[5] != kServerHello) {
    return absl::UnavailableError(
        fmt::format("{}: answered with record type {}, message {}; expected a ServerHello", address,
                    answer[0], answer[5]));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SayTlsHello(const std::string& address, std::chrono::milliseconds patience) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(fmt::format("{}: {}", address, gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  return Exchange(*found, address, patience);
}

}  // namespace fleetmeter
