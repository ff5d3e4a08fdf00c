// The programs that call a daemon, with certificates, against the real one.
#include <csignal>
#include <filesystem>

#include "gmock/gmock.h"
#include "tests/product/security/secure_daemon.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr char kFleet[] =
    R"(time_seconds,host,chip,chips,state,pool,team,workload,signal,activity,productive
0,node-1,h100,2,assigned,serving,chat,chat-large,gr_engine_active,0.75,
)";

struct Outcome {
  int code = -1;
  std::string out;
  std::string error;
};

class ClientTlsTest : public testing::Test {
 protected:
  ClientTlsTest() {
    files_.Write("ca.pem", secure_.authority().certificate());
    files_.Write("other-ca.pem", Authority().certificate());
    files_.Write("fleet.csv", kFleet);
  }

  void WritePair(const std::string& name, const KeyPair& pair) const {
    files_.Write(name + "-fresh", pair.key);
    std::filesystem::permissions(files_.PathOf(name + "-fresh"),
                                 std::filesystem::perms::owner_read);
    std::filesystem::rename(files_.PathOf(name + "-fresh"), files_.PathOf(name + "-key.pem"));
    files_.Write(name + ".pem", pair.certificate);
  }
  // The flags of a client of this identity.
  std::vector<std::string> As(const std::string& identity) const {
    WritePair("client", secure_.authority().IssueClient(identity));
    return {"--tls-ca=" + files_.PathOf("ca.pem"),
            "--tls-certificate=" + files_.PathOf("client.pem"),
            "--tls-key=" + files_.PathOf("client-key.pem")};
  }

  static Outcome Run(std::vector<std::string> argv) {
    const auto process = ChildProcess::Start(argv);
    if (!process.ok()) throw std::runtime_error(process.status().ToString());
    const auto code = (*process)->Wait(60s);
    return {code.value_or(-1), (*process)->Stdout(), (*process)->Stderr()};
  }
  Outcome Ctl(std::vector<std::string> tls, const std::vector<std::string>& command,
              const std::string& address = "") {
    std::vector<std::string> argv = {
        BinaryPath("daemon/fleetmeterctl"),
        "--address=" + (address.empty() ? secure_.daemon().query_address() : address)};
    argv.insert(argv.end(), tls.begin(), tls.end());
    argv.insert(argv.end(), command.begin(), command.end());
    return Run(argv);
  }
  std::vector<std::string> CollectorArguments(const std::vector<std::string>& tls,
                                              const std::string& drain = "20") {
    std::vector<std::string> argv = {BinaryPath("collectors/fleetmeter-collector"),
                                     "--daemon=" + secure_.daemon().ingest_address(),
                                     "--interval=0.05", "--drain=" + drain};
    argv.insert(argv.end(), tls.begin(), tls.end());
    for (const std::string argument : {"replay-csv", "--speed=100", "--until=100"}) {
      argv.push_back(argument);
    }
    argv.push_back("--file=" + files_.PathOf("fleet.csv"));
    return argv;
  }
  double Accepted() {
    return secure_.daemon()
        .ScrapeMetrics()
        .Value("fleetmeter_ingest_reports_total", {{"result", "accepted"}})
        .value_or(-1);
  }

  const TempFolder files_;
  SecureDaemon secure_;
};

TEST_F(ClientTlsTest, CtlAsksWithItsCertificate) {
  const Outcome pools = Ctl(As(kReader), {"pools"});
  EXPECT_EQ(pools.code, 0) << pools.error;
  EXPECT_THAT(pools.out, HasSubstr("serving"));
}

TEST_F(ClientTlsTest, CtlIsToldThatItMayNot) {
  const Outcome pools = Ctl(As(kHostA), {"pools"});
  EXPECT_EQ(pools.code, 1);
  EXPECT_THAT(pools.error, HasSubstr("does not let us ask"));
  EXPECT_THAT(pools.error, HasSubstr("does not have the role query"));
}

TEST_F(ClientTlsTest, TheDaemonsCertificateIsChecked) {
  std::vector<std::string> flags = As(kReader);
  flags[0] = "--tls-ca=" + files_.PathOf("other-ca.pem");
  EXPECT_EQ(Ctl(flags, {"pools"}).code, 1);
  flags = As(kReader);
  flags.push_back("--tls-server-name=meter.example");
  EXPECT_EQ(Ctl(flags, {"pools"}).code, 1);
  flags.back() = "--tls-server-name=localhost";
  const Outcome named = Ctl(flags, {"pools"});
  EXPECT_EQ(named.code, 0) << named.error;
}

TEST_F(ClientTlsTest, TheDaemonsIdentityIsCheckedInsteadOfItsName) {
  std::vector<std::string> flags = As(kReader);
  flags.push_back("--daemon-identity=spiffe://example.org/fleetmeterd");
  const Outcome good = Ctl(flags, {"pools"});
  EXPECT_EQ(good.code, 0) << good.error;
  for (const char* identity : {"spiffe://example.org/other", "spiffe://example.com/fleetmeterd",
                               "spiffe://example.org/fleetmeterd/a"}) {
    flags.back() = std::string("--daemon-identity=") + identity;
    EXPECT_EQ(Ctl(flags, {"pools"}).code, 1) << identity;
  }
  // A certificate without the name of any address is enough then, and another authority's never is.
  secure_.WriteServer(secure_.authority().IssueClient("spiffe://example.org/meter"));
  ASSERT_TRUE(secure_.AwaitTlsReloads("ok", 1));
  flags.back() = "--daemon-identity=spiffe://example.org/meter";
  const Outcome nameless = Ctl(flags, {"pools"});
  EXPECT_EQ(nameless.code, 0) << nameless.error;
  flags[0] = "--tls-ca=" + files_.PathOf("other-ca.pem");
  EXPECT_EQ(Ctl(flags, {"pools"}).code, 1);
}

TEST_F(ClientTlsTest, SaysWhichSideRefusesWhat) {
  const auto told = [&](const std::vector<std::string>& flags, const std::string& address = "") {
    const Outcome outcome = Ctl(flags, {"pools"}, address);
    EXPECT_EQ(outcome.code, 1);
    return outcome.error;
  };
  const std::string ca = "--tls-ca=" + files_.PathOf("ca.pem");
  EXPECT_THAT(told({ca}), HasSubstr("the daemon asks for a certificate, and we have none"));
  EXPECT_THAT(told({}), HasSubstr("we speak plaintext, and the daemon there speaks TLS"));
  std::vector<std::string> flags = As(kReader);
  flags[0] = "--tls-ca=" + files_.PathOf("other-ca.pem");
  EXPECT_THAT(told(flags), HasSubstr("we refuse the daemon's certificate: no authority in "));
  flags[0] = ca;
  flags.push_back("--tls-server-name=meter.example");
  EXPECT_THAT(told(flags), HasSubstr("it is not for \"meter.example\" but for "));
  flags.pop_back();
  EXPECT_THAT(told(flags, secure_.daemon().http_address()), HasSubstr("it is a web server"));
  WritePair("client", Authority().IssueClient(kReader));
  EXPECT_THAT(told(flags), HasSubstr("the daemon refuses our certificate "));
}

TEST_F(ClientTlsTest, FlagsThatDoNotGoTogetherAreRefused) {
  const std::string ca = "--tls-ca=" + files_.PathOf("ca.pem");
  const struct {
    std::vector<std::string> flags;
    std::string says;
  } kCases[] = {
      {{ca, "--tls-key=k.pem"}, "belong together"},
      {{"--tls-certificate=c.pem", "--tls-key=k.pem"}, "without --tls-ca"},
      {{"--daemon-identity=spiffe://example.org/a"}, "without --tls-ca"},
      {{ca, "--daemon-identity=fleetmeterd"}, "--daemon-identity: is"},
      {{ca, "--daemon-identity=spiffe://example.org/a", "--tls-server-name=a"}, "one of them"},
  };
  for (const auto& bad : kCases) {
    const Outcome outcome = Ctl(bad.flags, {"pools"});
    EXPECT_EQ(outcome.code, 2) << bad.says;
    EXPECT_THAT(outcome.error, HasSubstr(bad.says));
    const Outcome collector = Run(CollectorArguments(bad.flags));
    EXPECT_EQ(collector.code, 2) << bad.says;
    EXPECT_THAT(collector.error, HasSubstr(bad.says));
  }
}

TEST_F(ClientTlsTest, PlaintextStaysOnThisMachineUnlessToldOtherwise) {
  for (const char* address : {"192.0.2.1:7444", "meter.example:7444", "[2001:db8::1]:7444",
                              "localhost.example:7444", "127.0.0.1.example:7444"}) {
    const Outcome outcome = Ctl({"--timeout=100ms"}, {"pools"}, address);
    EXPECT_EQ(outcome.code, 2) << address;
    EXPECT_THAT(outcome.error, HasSubstr("is beyond loopback")) << address;
  }
  // TEST-NET-1 answers nobody: it was tried.
  const Outcome forced =
      Ctl({"--timeout=100ms", "--plaintext-beyond-loopback-without-authentication"}, {"pools"},
          "192.0.2.1:7444");
  EXPECT_EQ(forced.code, 1);
  EXPECT_THAT(forced.error, HasSubstr("cannot reach"));
}

TEST_F(ClientTlsTest, AdminReloadSaysWhatIsInForce) {
  std::vector<std::string> reload = {"admin", "reload",
                                     "--admin-address=" + secure_.daemon().admin_address()};
  const Outcome good = Ctl(As(kOperator), reload);
  EXPECT_EQ(good.code, 0) << good.error;
  EXPECT_EQ(good.out, "in force: plan 'test' version 1\n");
  secure_.daemon().files().Write("plan.yaml", "nonsense");
  const Outcome bad = Ctl(As(kOperator), reload);
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.error, HasSubstr("refused: "));
  EXPECT_THAT(bad.error, HasSubstr("plan.yaml:1: "));
  EXPECT_EQ(bad.out, "in force: plan 'test' version 1\n");
  EXPECT_EQ(Ctl(As(kReader), reload).code, 1);
}

TEST_F(ClientTlsTest, TheCollectorReportsWithItsCertificate) {
  const Outcome outcome = Run(CollectorArguments(As(kHostA)));
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_GT(Accepted(), 0);
}

TEST_F(ClientTlsTest, TheCollectorTakesUpANewCertificateWhenItReconnects) {
  const std::vector<std::string> flags = As(kHostA);
  WritePair("client", Authority().IssueClient(kHostA));  // nobody here knows that authority
  const auto collector = ChildProcess::Start(CollectorArguments(flags));
  ASSERT_TRUE(collector.ok());
  ASSERT_TRUE(
      Eventually([&] { return (*collector)->Stderr().find("reports wait") != std::string::npos; }));
  EXPECT_EQ(Accepted(), 0);
  WritePair("client", secure_.authority().IssueClient(kHostA));
  EXPECT_EQ((*collector)->Wait(60s), 0) << (*collector)->Stderr();
  EXPECT_GT(Accepted(), 0);
}

TEST_F(ClientTlsTest, ACollectorThatMayNotReportKeepsItsReportsUntilItMay) {
  const auto collector = ChildProcess::Start(CollectorArguments(As(kHostB)));
  ASSERT_TRUE(collector.ok());
  ASSERT_TRUE(Eventually(
      [&] { return (*collector)->Stderr().find("may not report for pool") != std::string::npos; }));
  EXPECT_EQ(Accepted(), 0);
  secure_.WriteRules(Replaced(DefaultRules(), "pools: [training]", "pools: [training, serving]"));
  secure_.daemon().process().Signal(SIGHUP);
  EXPECT_EQ((*collector)->Wait(60s), 0) << (*collector)->Stderr();
  EXPECT_GT(Accepted(), 0);
}

}  // namespace
}  // namespace fleetmeter::e2e
