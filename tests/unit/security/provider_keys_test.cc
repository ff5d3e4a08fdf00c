// Against a provider over real HTTPS, with a clock that the test turns.
#include "daemon/security/provider_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <filesystem>
#include <map>
#include <thread>

#include "daemon/security/bearer_tokens.h"
#include "tests/support/certificates.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/security/jwt_signer.h"

namespace fleetmeter {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using nlohmann::json;
using testing::HasSubstr;

constexpr char kIssuer[] = "https://login.example.org";
constexpr char kDiscovery[] = "/.well-known/openid-configuration";

// Looks again and again, half a minute at most.
template <class Condition>
bool Comes(const Condition& condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

// An HTTPS server with an answer for each path, on a thread of its own.
class Provider {
 public:
  explicit Provider(const Authority& authority) {
    CertificateSpec spec;
    spec.names = {"IP:127.0.0.1"};
    const KeyPair own = authority.Issue(spec);
    tls_.use_certificate_chain(asio::buffer(own.certificate));
    tls_.use_private_key(asio::buffer(own.key), ssl::context::pem);
    thread_ = std::thread([this] { Serve(); });
  }
  ~Provider() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      boost::system::error_code error;
      if (talking_ != nullptr) talking_->shutdown(tcp::socket::shutdown_both, error);
    }
    boost::system::error_code error;
    tcp::socket waker(io_);
    waker.connect(acceptor_.local_endpoint(), error);
    thread_.join();
  }
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  std::string UrlOf(const std::string& path) const {
    return "https://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
  }
  void Set(const std::string& path, const std::string& body, const std::string& status = "200 OK",
           const std::string& headers = "") {
    MutexLock lock(mutex_);
    answers_[path] = "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
                     "\r\n" + headers + "\r\n" + body;
  }
  void SetKeys(const std::vector<const Signer*>& signers, const std::string& path = "/keys") {
    json keys = json::array();
    for (const Signer* signer : signers) keys.push_back(signer->PublicKey());
    Set(path, json{{"keys", keys}}.dump());
  }
  void Break() { Set("/keys", "no", "503 Service Unavailable"); }
  // Says nothing more to who asks.
  void Hang() {
    MutexLock lock(mutex_);
    hangs_ = true;
  }
  int asked() {
    MutexLock lock(mutex_);
    return asked_;
  }

 private:
  void Serve() {
    while (true) {
      boost::system::error_code error;
      tcp::socket socket(io_);
      acceptor_.accept(socket, error);
      ssl::stream<tcp::socket> stream(std::move(socket), tls_);
      {
        MutexLock lock(mutex_);
        if (stopping_ || error) return;
        talking_ = &stream.next_layer();
      }
      Answer(stream);
      MutexLock lock(mutex_);
      talking_ = nullptr;
    }
  }
  void Answer(ssl::stream<tcp::socket>& stream) {
    boost::system::error_code error;
    stream.handshake(ssl::stream_base::server, error);
    if (error) return;
    std::string head;
    asio::read_until(stream, asio::dynamic_buffer(head), "\r\n\r\n", error);
    if (error) return;
    std::string answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    bool hangs = false;
    {
      MutexLock lock(mutex_);
      ++asked_;
      hangs = hangs_;
      const auto found = answers_.find(head.substr(4, head.find(' ', 4) - 4));
      if (found != answers_.end()) answer = found->second;
    }
    if (!hangs) asio::write(stream, asio::buffer(answer), error);
    char more = 0;
    if (hangs) stream.read_some(asio::buffer(&more, 1), error);  // until the other side is gone
  }

  asio::io_context io_;
  ssl::context tls_{ssl::context::tls_server};
  tcp::acceptor acceptor_{io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  Mutex mutex_;
  std::map<std::string, std::string> answers_ ABSL_GUARDED_BY(mutex_);
  int asked_ ABSL_GUARDED_BY(mutex_) = 0;
  bool hangs_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  tcp::socket* talking_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::thread thread_;
};

class CountingProbe final : public AccessProbe {
 public:
  void CallDenied(std::string_view, std::string_view) override {}
  void TlsReloaded(bool) override {}
  void TlsInForce(int64_t, int64_t) override {}
  void KeysFetched(bool ok) override { ++(ok ? fetched : failed); }
  void KeysInForce(size_t count, std::optional<int64_t> unix_seconds) override {
    if (unix_seconds) fetched_at = *unix_seconds;
    keys = static_cast<int>(count);
  }

  std::atomic<int> fetched = 0;
  std::atomic<int> failed = 0;
  std::atomic<int> keys = -1;
  std::atomic<int64_t> fetched_at = 0;
};

class ProviderKeysTest : public testing::Test {
 protected:
  ProviderKeysTest() {
    options_.url = provider_.UrlOf("/keys");
    options_.issuer = kIssuer;
    options_.ca_file = folder_.Write("ca.pem", authority_.certificate());
    options_.refresh_nanos = kHour;
    options_.keep_nanos = 3 * kHour;
    provider_.SetKeys({&old_});
  }

  void Start() {
    keys_ = std::make_shared<ProviderKeys>(options_, probe_, clock_);
    ASSERT_TRUE(tokens_
                    ->Load({.trust_domain = "example.org",
                            .tokens = {},
                            .jwks = {},
                            .jwt = {.issuer = kIssuer, .audience = "fleetmeter"}},
                           keys_)
                    .ok());
  }
  bool Takes(const Signer& signer) const {
    const int64_t now = clock_.UnixNanos() / kNanosPerSecond;
    const json claims = {
        {"iss", kIssuer}, {"aud", "fleetmeter"}, {"sub", "anna"}, {"exp", now + 600}};
    return tokens_->Identify(signer.Sign(claims), now).ok();
  }

  const Authority authority_;
  const TempFolder folder_;
  const Signer old_{"old", false};
  const Signer new_{"new", false};
  Provider provider_{authority_};
  ManualClock clock_;
  CountingProbe probe_;
  ProviderOptions options_;
  std::unique_ptr<BearerTokens> tokens_ = std::make_unique<BearerTokens>();
  std::shared_ptr<ProviderKeys> keys_;
};

TEST_F(ProviderKeysTest, TakesTokensOfTheKeysThatTheProviderHas) {
  Start();
  ASSERT_TRUE(Comes([&] { return Takes(old_); }));
  EXPECT_FALSE(Takes(new_));
  EXPECT_EQ(probe_.keys, 1);
  EXPECT_EQ(probe_.fetched_at, kStart / kNanosPerSecond);
}

TEST_F(ProviderKeysTest, TheKeysOfAFileAreTakenBesideThem) {
  const std::string file = folder_.Write("jwks.json", json{{"keys", {new_.PublicKey()}}}.dump());
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  keys_ = std::make_shared<ProviderKeys>(options_, probe_, clock_);
  ASSERT_TRUE(tokens_
                  ->Load({.trust_domain = "example.org",
                          .tokens = {},
                          .jwks = file,
                          .jwt = {.issuer = kIssuer, .audience = "fleetmeter"}},
                         keys_)
                  .ok());
  EXPECT_TRUE(Takes(new_));
  EXPECT_TRUE(Comes([&] { return Takes(old_); }));
}

TEST_F(ProviderKeysTest, AKeyThatIsNotKnownHasTheSetFetchedOnceInHalfAMinute) {
  Start();
  ASSERT_TRUE(Comes([&] { return Takes(old_); }));
  provider_.SetKeys({&new_});
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(Takes(new_));
  clock_.Pass(ProviderKeys::kMissPauseNanos - 1);
  EXPECT_FALSE(Takes(new_));
  EXPECT_EQ(probe_.fetched, 1) << "not before its time";
  clock_.Pass(1);
  ASSERT_TRUE(Comes([&] { return Takes(new_); }));
  EXPECT_EQ(probe_.fetched, 2);
  EXPECT_FALSE(Takes(old_)) << "a key that left the set";
  EXPECT_EQ(provider_.asked(), 2);
}

TEST_F(ProviderKeysTest, AProviderThatIsDownLeavesItsKeysForALimitedTime) {
  Start();
  ASSERT_TRUE(Comes([&] { return Takes(old_); }));
  provider_.Break();
  clock_.Pass(options_.keep_nanos);
  keys_->KeyMissing();  // wakes the thread, which sleeps by another clock
  ASSERT_TRUE(Comes([&] { return probe_.failed > 0; }));
  EXPECT_TRUE(Takes(old_));
  EXPECT_EQ(probe_.keys, 1);
  clock_.Pass(kSecond);
  EXPECT_FALSE(Takes(old_));
  ASSERT_TRUE(Comes([&] {
    keys_->KeyMissing();
    return probe_.keys == 0;
  }));
  EXPECT_EQ(probe_.fetched_at, kStart / kNanosPerSecond) << "how old they are is still known";
  provider_.SetKeys({&old_});
  clock_.Pass(ProviderKeys::kMissPauseNanos);
  EXPECT_TRUE(Comes([&] { return Takes(old_); }));
}

TEST_F(ProviderKeysTest, WhatIsNoKeySetChangesNothing) {
  Start();
  ASSERT_TRUE(Comes([&] { return Takes(old_); }));
  for (const std::string& body :
       {std::string("{}"), std::string("<html>"), std::string(2 << 20, ' ')}) {
    provider_.Set("/keys", body);
    const int failed = probe_.failed;
    clock_.Pass(ProviderKeys::kMissPauseNanos);
    keys_->KeyMissing();
    ASSERT_TRUE(Comes([&] { return probe_.failed > failed; }));
    EXPECT_TRUE(Takes(old_));
  }
}

TEST_F(ProviderKeysTest, TrustsOnlyItsAuthoritiesAndNoOtherServer) {
  const Authority stranger("stranger");
  options_.ca_file = folder_.Write("other.pem", stranger.certificate());
  Start();
  ASSERT_TRUE(Comes([&] { return probe_.failed > 0; }));
  EXPECT_EQ(provider_.asked(), 0);
  Provider other(authority_);
  other.SetKeys({&old_});
  provider_.Set("/keys", "", "302 Found", "Location: " + other.UrlOf("/keys") + "\r\n");
  options_.ca_file = folder_.PathOf("ca.pem");
  const int failed = probe_.failed;
  Start();
  ASSERT_TRUE(Comes([&] { return probe_.failed > failed; }));
  EXPECT_FALSE(Takes(old_));
  EXPECT_EQ(other.asked(), 0);
}

TEST_F(ProviderKeysTest, ADiscoveryDocumentSaysWhereTheKeysAre) {
  Provider elsewhere(authority_);
  elsewhere.SetKeys({&new_});
  provider_.Set(kDiscovery,
                json{{"issuer", kIssuer}, {"jwks_uri", elsewhere.UrlOf("/keys")}}.dump());
  options_.url = provider_.UrlOf(kDiscovery);
  Start();
  EXPECT_TRUE(Comes([&] { return Takes(new_); }));
}

TEST(ReadDiscovery, WantsItsIssuerAndAnHttpsUrl) {
  const auto read = [](const json& document) { return ReadDiscovery(document.dump(), kIssuer); };
  EXPECT_EQ(*read({{"issuer", kIssuer}, {"jwks_uri", "https://a.example/k"}}),
            "https://a.example/k");
  for (const json& wrong :
       {json{{"issuer", "https://login.example.com"}, {"jwks_uri", "https://a.example/k"}},
        json{{"issuer", kIssuer}, {"jwks_uri", "http://a.example/k"}},
        json{{"issuer", kIssuer}, {"jwks_uri", "unix:///run/keys"}},
        json{{"issuer", kIssuer}, {"jwks_uri", 7}}, json{{"issuer", kIssuer}},
        json{{"jwks_uri", "https://a.example/k"}}, json::array(), json("text")}) {
    EXPECT_FALSE(read(wrong).ok()) << wrong;
  }
  EXPECT_FALSE(ReadDiscovery("no JSON", kIssuer).ok());
}

class KeyCacheTest : public ProviderKeysTest {
 protected:
  KeyCacheTest() { options_.cache_file = folder_.PathOf("cache.json"); }
  // A run that fetches, and ends. Then the provider is down.
  void RunOnce() {
    Start();
    // The file is renamed into place when it is whole.
    ASSERT_TRUE(Comes([&] { return std::filesystem::exists(options_.cache_file); }));
    Stop();
    provider_.Break();
    probe_.keys = -1;
    probe_.failed = 0;
  }
  void Stop() {
    keys_ = nullptr;
    tokens_ = std::make_unique<BearerTokens>();
  }
};

TEST_F(KeyCacheTest, ARestartWhileTheProviderIsDownLocksNobodyOut) {
  RunOnce();
  struct stat about{};
  ASSERT_EQ(stat(options_.cache_file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  clock_.Pass(kHour);
  Start();
  EXPECT_TRUE(Takes(old_)) << "before anybody was asked";
  EXPECT_EQ(probe_.fetched_at, kStart / kNanosPerSecond) << "and not when it was read";
  ASSERT_TRUE(Comes([&] { return probe_.failed > 0; }));
  clock_.Pass(2 * kHour + 1);
  EXPECT_FALSE(Takes(old_)) << "the time counts from the fetch";
}

TEST_F(KeyCacheTest, IsNotTakenTooLateOrOfAnotherUrlOrFromStrangers) {
  RunOnce();
  const auto starts_empty = [&] {
    probe_.failed = 0;
    Start();
    const bool empty = Comes([&] { return probe_.failed > 0; }) && !Takes(old_);
    Stop();
    return empty;
  };
  clock_.unix_nanos = kStart - kHour;
  EXPECT_TRUE(starts_empty()) << "of a time that is yet to come";
  clock_.unix_nanos = kStart + options_.keep_nanos + kSecond;
  EXPECT_TRUE(starts_empty()) << "too old";
  clock_.unix_nanos = kStart;
  std::filesystem::permissions(options_.cache_file, std::filesystem::perms(0622));
  EXPECT_TRUE(starts_empty()) << "anybody may have written it";
  std::filesystem::permissions(options_.cache_file, std::filesystem::perms(0600));
  const std::string url = options_.url;
  options_.url = provider_.UrlOf("/other");
  EXPECT_TRUE(starts_empty()) << "of another URL";
  options_.url = url;
  Start();
  EXPECT_TRUE(Takes(old_)) << "but for these";
}

TEST_F(ProviderKeysTest, StopsAtOnceWhileTheProviderHangs) {
  provider_.Hang();
  Start();
  ASSERT_TRUE(Comes([&] { return provider_.asked() > 0; }));
  const auto begun = std::chrono::steady_clock::now();
  keys_->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(8));
  EXPECT_EQ(probe_.failed, 0) << "what a stop cuts off is no failure";
}

}  // namespace
}  // namespace fleetmeter
