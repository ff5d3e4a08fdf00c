// Fetching over TLS and over Unix sockets, from servers of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <string>
#include <thread>
#include <utility>

#include "daemon/fetch/http_fetch.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using asio::local::stream_protocol;
using testing::HasSubstr;

constexpr char kSecureAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

template <class Stream>
void AnswerOnce(Stream& stream) {
  boost::system::error_code error;
  std::string head;
  asio::read_until(stream, asio::dynamic_buffer(head), "\r\n\r\n", error);
  if (!error) asio::write(stream, asio::buffer(std::string(kSecureAnswer)), error);
}

// Answers every request with the same page, on a thread of its own, one connection after the other.
class TlsServer {
 public:
  // `client_ca`: asks for a certificate that this authority signed. Empty: asks for none.
  explicit TlsServer(const KeyPair& own, const std::string& client_ca = "") {
    tls_.use_certificate_chain(asio::buffer(own.certificate));
    tls_.use_private_key(asio::buffer(own.key), ssl::context::pem);
    if (!client_ca.empty()) {
      tls_.add_certificate_authority(asio::buffer(client_ca));
      tls_.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    }
    thread_ = std::thread([this] { Serve(); });
  }
  ~TlsServer() {
    stopping_ = true;
    boost::system::error_code error;
    tcp::socket waker(io_);
    waker.connect(acceptor_.local_endpoint(), error);
    thread_.join();
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  FetchOptions Options() const {
    FetchOptions options;
    options.url =
        "https://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/metrics";
    options.server_name = "exporter.test";
    options.deadline = std::chrono::seconds(30);
    return options;
  }
  int answered() const { return answered_; }

 private:
  void Serve() {
    while (true) {
      boost::system::error_code error;
      tcp::socket socket(io_);
      acceptor_.accept(socket, error);
      if (stopping_ || error) return;
      ssl::stream<tcp::socket> stream(std::move(socket), tls_);
      stream.handshake(ssl::stream_base::server, error);
      if (error) continue;
      ++answered_;
      AnswerOnce(stream);
    }
  }

  asio::io_context io_;
  ssl::context tls_{ssl::context::tls_server};
  tcp::acceptor acceptor_{io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::atomic<bool> stopping_ = false;
  std::atomic<int> answered_ = 0;
  std::thread thread_;
};

KeyPair ServerPair(const Authority& authority, const std::string& name = "DNS:exporter.test") {
  CertificateSpec spec;
  spec.names = {name};
  return authority.Issue(spec);
}

TEST(SecureFetch, TakesACertificateOfItsAuthority) {
  const Authority authority;
  const TlsServer server(ServerPair(authority));
  const TempFolder folder;
  FetchOptions options = server.Options();
  options.ca_file = folder.Write("ca.pem", authority.certificate());
  const auto page = Fetch(options);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->body, "ok\n");
}

TEST(SecureFetch, RefusesCertificatesOfOthers) {
  const Authority authority("ours");
  const Authority other("theirs");
  const TlsServer server(ServerPair(authority));
  const TempFolder folder;
  FetchOptions options = server.Options();
  options.ca_file = folder.Write("ca.pem", other.certificate());
  const auto page = Fetch(options);
  EXPECT_TRUE(absl::IsUnavailable(page.status())) << page.status();
  EXPECT_THAT(std::string(page.status().message()), HasSubstr("certificate verify failed"));
  // Nor do the authorities of the system know it.
  options.ca_file.clear();
  EXPECT_TRUE(absl::IsUnavailable(Fetch(options).status()));
}

TEST(SecureFetch, RefusesACertificateOfAnotherNameOrTime) {
  const Authority authority;
  const TempFolder folder;
  const std::string ca = folder.Write("ca.pem", authority.certificate());
  CertificateSpec old;
  old.names = {"DNS:exporter.test"};
  old.not_before_seconds = -7'200;
  old.not_after_seconds = -3'600;
  for (const KeyPair& pair : {ServerPair(authority, "DNS:other.test"), authority.Issue(old)}) {
    const TlsServer server(pair);
    FetchOptions options = server.Options();
    options.ca_file = ca;
    EXPECT_TRUE(absl::IsUnavailable(Fetch(options).status()));
  }
}

TEST(SecureFetch, ShowsItsOwnCertificateAsTheFilesAreNow) {
  const Authority authority;
  const Authority stranger("stranger");
  const TlsServer server(ServerPair(authority), authority.certificate());
  const TempFolder folder;
  FetchOptions options = server.Options();
  options.ca_file = folder.Write("ca.pem", authority.certificate());
  EXPECT_FALSE(Fetch(options).ok()) << "without a certificate";
  const KeyPair bad = stranger.IssueClient("spiffe://example.org/collector");
  options.certificate_file = folder.Write("own.pem", bad.certificate);
  options.key_file = folder.Write("own.key", bad.key);
  EXPECT_FALSE(Fetch(options).ok()) << "with a stranger's";
  const KeyPair good = authority.IssueClient("spiffe://example.org/collector");
  folder.Write("own.pem", good.certificate);
  folder.Write("own.key", good.key);
  const auto page = Fetch(options);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(server.answered(), 1);
}

TEST(SecureFetch, SaysWhichFileCannotBeRead) {
  const Authority authority;
  const TlsServer server(ServerPair(authority));
  FetchOptions options = server.Options();
  options.ca_file = "/no/such/ca.pem";
  const auto page = Fetch(options);
  EXPECT_TRUE(absl::IsFailedPrecondition(page.status())) << page.status();
  EXPECT_THAT(std::string(page.status().message()), HasSubstr("/no/such/ca.pem"));
}

TEST(UnixFetch, AsksAServerOnASocket) {
  const TempFolder folder;
  const std::string path = folder.PathOf("socket");
  asio::io_context io;
  stream_protocol::acceptor acceptor(io, stream_protocol::endpoint(path));
  std::thread server([&] {
    stream_protocol::socket socket(io);
    boost::system::error_code error;
    acceptor.accept(socket, error);
    if (!error) AnswerOnce(socket);
  });
  FetchOptions options;
  options.url = "unix://" + path + ":/slurm/v0.0.40/nodes";
  options.deadline = std::chrono::seconds(30);
  const auto page = Fetch(options);
  server.join();
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->body, "ok\n");
  options.url = "unix://" + folder.PathOf("none") + ":/";
  EXPECT_TRUE(absl::IsUnavailable(Fetch(options).status()));
}

}  // namespace
}  // namespace fleetmeter
