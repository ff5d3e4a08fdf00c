// What is said of servers that answer in TLS, in plaintext or not at all.
#include "daemon/security/explain_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "daemon/security/openssl.h"
#include "gmock/gmock.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Listens on a free port of loopback, and does the same with each connection until it goes.
class Server {
 public:
  explicit Server(std::function<void(int)> serve) : serve_(std::move(serve)) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    if (bind(fd_, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(fd_, 8) != 0 ||
        getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~Server() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void Run() {
    int peer = -1;
    while ((peer = accept(fd_, nullptr, nullptr)) >= 0) {
      serve_(peer);
      close(peer);
    }
  }

  const std::function<void(int)> serve_;
  int fd_ = -1;
  int port_ = 0;
  std::thread thread_;
};

X509Ptr CertificateOf(const KeyPair& pair) {
  return std::move(ReadCertificates(pair.certificate)->front());
}

// Answers with a byte once the handshake is done. With `authorities`, asks for a certificate of
// theirs.
std::function<void(int)> SpeakTls(KeyPair pair, std::string authorities = "") {
  return [pair = std::move(pair), authorities = std::move(authorities)](int peer) {
    const SslContextPtr context(SSL_CTX_new(TLS_server_method()));
    const X509Ptr certificate = CertificateOf(pair);
    const BioPtr bio(BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size())));
    const PkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
    SSL_CTX_use_certificate(context.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    if (!authorities.empty()) {
      const auto trusted = ReadCertificates(authorities);
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), trusted->front().get());
      SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    const std::unique_ptr<SSL, OpensslFree<SSL_free>> ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), peer);
    if (SSL_accept(ssl.get()) == 1) SSL_write(ssl.get(), "x", 1);
  };
}

class ExplainConnectionTest : public testing::Test {
 protected:
  ExplainConnectionTest() {
    signal(SIGPIPE, SIG_IGN);  // of the server's writes to a peer that has left
    tls_.files.authorities = files_.Write("ca.pem", authority_.certificate());
  }

  KeyPair Issue(int64_t from, int64_t to, const std::string& name = "IP:127.0.0.1") const {
    return authority_.Issue({.names = {name}, .not_before_seconds = from, .not_after_seconds = to});
  }
  void Come(const KeyPair& pair) {
    tls_.files.certificate = files_.Write("me.pem", pair.certificate);
    tls_.files.key = files_.Write("me-key.pem", pair.key);
    std::filesystem::permissions(tls_.files.key, std::filesystem::perms::owner_read);
  }
  std::string Explain(const Server& server) const {
    return ExplainFailedConnection(server.address(), tls_, 10s);
  }

  const Authority authority_;
  const TempFolder files_;
  ClientTls tls_;
};

TEST_F(ExplainConnectionTest, SaysNothingWhereNothingIsWrong) {
  const Server server(SpeakTls(Issue(-60, 3'600)));
  EXPECT_EQ(Explain(server), "");
}

TEST_F(ExplainConnectionTest, NamesTheDaysOfACertificate) {
  const Server expired(SpeakTls(Issue(-7'200, -3'600)));
  EXPECT_THAT(Explain(expired), HasSubstr("we refuse the daemon's certificate: it expired at 20"));
  const Server early(SpeakTls(Issue(3'600, 7'200)));
  EXPECT_THAT(Explain(early),
              HasSubstr("we refuse the daemon's certificate: it is not valid before 20"));
}

TEST_F(ExplainConnectionTest, NamesAnotherAuthority) {
  const Server server(SpeakTls(Authority("elsewhere").IssueServer()));
  EXPECT_THAT(Explain(server), HasSubstr("ca.pem (--tls-ca) vouches for it; "));
  EXPECT_THAT(Explain(server), HasSubstr("elsewhere"));
}

TEST_F(ExplainConnectionTest, NamesWhatACertificateIsFor) {
  const Server server(SpeakTls(Issue(-60, 3'600, "DNS:meter.example")));
  EXPECT_THAT(Explain(server),
              HasSubstr("it is not for \"127.0.0.1\" but for \"meter.example\"; set "
                        "--tls-server-name"));
  tls_.server_name = "meter.example";
  EXPECT_EQ(Explain(server), "");
}

TEST_F(ExplainConnectionTest, NamesAnotherIdentity) {
  const Server server(SpeakTls(authority_.IssueServer("spiffe://example.org/fleetmeterd")));
  tls_.daemon_identity = "spiffe://example.org/other";
  EXPECT_THAT(Explain(server), HasSubstr("it is that of spiffe://example.org/fleetmeterd; expected "
                                         "spiffe://example.org/other"));
  tls_.daemon_identity = "spiffe://example.org/fleetmeterd";
  EXPECT_EQ(Explain(server), "");
}

TEST_F(ExplainConnectionTest, SaysThatACertificateIsAskedFor) {
  const Server server(SpeakTls(Issue(-60, 3'600), authority_.certificate()));
  EXPECT_THAT(Explain(server), HasSubstr("the daemon asks for a certificate, and we have none"));
  Come(authority_.IssueClient("spiffe://example.org/me"));
  EXPECT_EQ(Explain(server), "");
}

TEST_F(ExplainConnectionTest, SaysWhoseCertificateIsNotKnown) {
  const Server server(SpeakTls(Issue(-60, 3'600), authority_.certificate()));
  Come(Authority("mine").IssueClient("spiffe://example.org/me"));
  EXPECT_THAT(Explain(server), HasSubstr("the daemon refuses our certificate "));
  EXPECT_THAT(Explain(server), HasSubstr("mine"));
}

TEST_F(ExplainConnectionTest, SaysWhichSideSpeaksPlaintext) {
  constexpr std::string_view kSettings("\0\0\0\4\0\0\0\0\0", 9);
  const Server plain([&](int peer) {
    (void)!write(peer, kSettings.data(), kSettings.size());
    char bytes[64];
    (void)!read(peer, bytes, sizeof(bytes));
  });
  EXPECT_THAT(Explain(plain), HasSubstr("we speak TLS, and the daemon there speaks plaintext"));
  tls_ = {};
  EXPECT_EQ(Explain(plain), "");
  const Server secure(SpeakTls(Issue(-60, 3'600)));
  EXPECT_THAT(Explain(secure), HasSubstr("we speak plaintext, and the daemon there speaks TLS"));
}

TEST_F(ExplainConnectionTest, KnowsAWebServer) {
  const Server web([](int peer) {
    constexpr std::string_view kAnswer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char bytes[64];
    (void)!read(peer, bytes, sizeof(bytes));
    (void)!write(peer, kAnswer.data(), kAnswer.size());
  });
  EXPECT_THAT(Explain(web), HasSubstr("it is a web server"));
  tls_ = {};
  EXPECT_THAT(Explain(web), HasSubstr("it is a web server"));
}

TEST_F(ExplainConnectionTest, SaysNothingWhereNobodyListens) {
  std::string address;
  {
    const Server gone([](int) {});
    address = gone.address();
  }
  EXPECT_EQ(ExplainFailedConnection(address, tls_, 10s), "");
  EXPECT_EQ(ExplainFailedConnection("no address", tls_, 10s), "");
  EXPECT_EQ(ExplainFailedConnection("unix:" + files_.PathOf("socket"), {}, 10s), "");
}

}  // namespace
}  // namespace fleetmeter
