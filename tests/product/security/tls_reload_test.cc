// New certificates, keys and authorities while the daemon runs; and the admin listener.
#include <csignal>
#include <ctime>

#include "gmock/gmock.h"
#include "tests/product/security/secure_daemon.h"

namespace fleetmeter::e2e {
namespace {

using testing::HasSubstr;

constexpr char kExpiry[] = "fleetmeter_tls_certificate_expiry_timestamp_seconds";

class TlsReloadTest : public testing::Test {
 protected:
  // A client that trusts daemons of `authority` only.
  grpc::Status AskTrusting(const Authority& authority) const {
    const KeyPair pair = secure_.authority().IssueClient(kReader);
    return CallListPools(*secure_.Query(
        grpc::SslCredentials({authority.certificate(), pair.key, pair.certificate})));
  }
  double Expiry(const std::string& certificate) {
    return secure_.daemon()
        .ScrapeMetrics()
        .Value(kExpiry, {{"certificate", certificate}})
        .value_or(-1);
  }
  grpc::Status Reload(v1::ReloadResponse* response) const {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    return secure_.Admin(secure_.CredentialsOf(kOperator))->Reload(&context, {}, response);
  }

  const Authority other_{"other authority"};
  SecureDaemon secure_;
};

TEST_F(TlsReloadTest, ANewCertificateIsTakenUpWithoutARestart) {
  StreamClient open(*secure_.Ingest(secure_.CredentialsOf(kHostA)));
  ASSERT_TRUE(open.Open());
  EXPECT_EQ(AskTrusting(other_).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(AskTrusting(secure_.authority()).ok());

  secure_.WriteServer(other_.IssueServer());
  ASSERT_TRUE(secure_.AwaitTlsReloads("ok", 1));
  EXPECT_TRUE(AskTrusting(other_).ok());
  EXPECT_EQ(AskTrusting(secure_.authority()).error_code(), grpc::StatusCode::UNAVAILABLE);
  // Who was there before stays.
  EXPECT_EQ(open.Settle({Numbered(GoodReport("a"), 1)}).acknowledged_through(), 1U);
}

TEST_F(TlsReloadTest, NewAuthoritiesDecideAboutNewClients) {
  const auto newcomer = [&] {
    return CallListPools(*secure_.Query(secure_.Credentials(other_.IssueClient(kReader))));
  };
  EXPECT_EQ(newcomer().error_code(), grpc::StatusCode::UNAVAILABLE);
  secure_.WriteAuthorities(secure_.authority().certificate() + other_.certificate());
  ASSERT_TRUE(secure_.AwaitTlsReloads("ok", 1));
  EXPECT_TRUE(newcomer().ok());
  EXPECT_TRUE(AskTrusting(secure_.authority()).ok());
  secure_.WriteAuthorities(other_.certificate());
  ASSERT_TRUE(secure_.AwaitTlsReloads("ok", 2));
  EXPECT_TRUE(newcomer().ok());
  EXPECT_EQ(AskTrusting(secure_.authority()).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsReloadTest, BrokenFilesLeaveTheOldOnesInForce) {
  const KeyPair good = secure_.authority().IssueServer();
  const KeyPair expired =
      secure_.authority().Issue({.names = {"IP:127.0.0.1"}, .not_after_seconds = -60});
  const KeyPair torn = {other_.IssueServer().certificate, good.key};
  const double expiry = Expiry("daemon");
  double failed = 0;
  for (const KeyPair& bad : {KeyPair{"garbage", good.key}, KeyPair{good.certificate, "garbage"},
                             torn, expired, KeyPair{"", ""}}) {
    secure_.WriteServer(bad);
    // Two files change, seen in one look or in two.
    ASSERT_TRUE(secure_.AwaitTlsReloads("failed", failed + 1));
    secure_.daemon().process().Signal(SIGHUP);
    ASSERT_TRUE(secure_.AwaitTlsReloads("failed", failed + 2));
    failed = secure_.daemon()
                 .ScrapeMetrics()
                 .Value("fleetmeter_tls_reloads_total", {{"result", "failed"}})
                 .value_or(0);
    EXPECT_TRUE(AskTrusting(secure_.authority()).ok());
  }
  EXPECT_EQ(Expiry("daemon"), expiry);
  EXPECT_THAT(secure_.Log(), HasSubstr("the old ones stay in force"));
  EXPECT_THAT(secure_.Log(), testing::Not(HasSubstr("PRIVATE KEY")));
  secure_.WriteServer(other_.IssueServer());
  ASSERT_TRUE(secure_.AwaitTlsReloads("ok", 1));
  EXPECT_TRUE(AskTrusting(other_).ok());
}

TEST_F(TlsReloadTest, MetricsSayWhenWhatIsInForceExpires) {
  const double now = static_cast<double>(std::time(nullptr));
  EXPECT_NEAR(Expiry("daemon"), now + 24 * 3'600, 600);
  EXPECT_NEAR(Expiry("client_ca"), now + 24 * 3'600, 600);
  secure_.WriteServer(
      secure_.authority().Issue({.names = {"IP:127.0.0.1"}, .not_after_seconds = 3'600}));
  ASSERT_TRUE(secure_.AwaitTlsReloads("ok", 1));
  EXPECT_NEAR(Expiry("daemon"), now + 3'600, 600);
}

TEST_F(TlsReloadTest, AdminReloadsAndIsToldHowItWent) {
  v1::ReloadResponse response;
  grpc::Status status = Reload(&response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.config_error(), "");
  EXPECT_EQ(response.tls_error(), "");
  EXPECT_EQ(response.plan(), "test");
  EXPECT_EQ(response.plan_version(), 1U);
  EXPECT_TRUE(secure_.AwaitAudit({"event=reload_asked", kOperator}));

  secure_.daemon().files().Write("plan.yaml", Replaced(kPlan, "version: 1", "version: 2"));
  ASSERT_TRUE(Reload(&response).ok());
  EXPECT_EQ(response.plan_version(), 2U);

  secure_.daemon().files().Write("plan.yaml", "nonsense");
  secure_.WriteAuthorities("nonsense");
  ASSERT_TRUE(Reload(&response).ok());
  EXPECT_THAT(response.config_error(), HasSubstr("plan.yaml:1: "));
  EXPECT_THAT(response.tls_error(), HasSubstr("client-ca.pem: there is no certificate"));
  EXPECT_EQ(response.plan_version(), 2U);
}

}  // namespace
}  // namespace fleetmeter::e2e
