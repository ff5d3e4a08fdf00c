// Certificates of deploy/make-dev-certs.sh are such as the daemon takes.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class DevCertsTest : public testing::Test {
 protected:
  ChildProcess& Start(std::vector<std::string> argv) {
    auto process = ChildProcess::Start(argv);
    if (!process.ok()) throw std::runtime_error(process.status().ToString());
    process_ = *std::move(process);
    return *process_;
  }
  std::optional<int> Make(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {std::string(std::getenv("FLEETMETER_SOURCE_DIR")) +
                                     "/deploy/make-dev-certs.sh"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return Start(argv).Wait(60s);
  }
  std::string Read(const std::string& name) const {
    std::ifstream in(folder_.PathOf("pki/" + name));
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const TempFolder folder_;
  std::unique_ptr<ChildProcess> process_;
};

TEST_F(DevCertsTest, AreTakenByTheDaemonAndItsClients) {
  const std::string pki = folder_.PathOf("pki");
  ASSERT_EQ(Make({pki, "ops/reader"}), 0) << process_->Stderr();
  EXPECT_THAT(process_->Stderr(), HasSubstr("trials only"));
  Daemon daemon({.more = fmt::format(R"(tls:
  trust_domain: example.org
  certificate: {0}/fleetmeterd.pem
  key: {0}/fleetmeterd-key.pem
  client_ca: {0}/ca.pem
authorization:
  - {{identity: spiffe://example.org/ops/*, roles: [query]}}
)",
                                     pki)});
  ChildProcess& ctl =
      Start({BinaryPath("daemon/fleetmeterctl"), "--address", daemon.query_address(), "--tls-ca",
             pki + "/ca.pem", "--tls-certificate", pki + "/ops-reader.pem", "--tls-key",
             pki + "/ops-reader-key.pem", "--daemon-identity", "spiffe://example.org/fleetmeterd",
             "pools"});
  EXPECT_EQ(ctl.Wait(60s), 0) << ctl.Stderr();
  EXPECT_THAT(ctl.Stdout(), HasSubstr("serving"));
}

TEST_F(DevCertsTest, StayAsTheyAre) {
  const std::string pki = folder_.PathOf("pki");
  ASSERT_EQ(Make({pki, "host/a"}), 0) << process_->Stderr();
  const std::string ca = Read("ca.pem");
  const std::string host = Read("host-a.pem");
  ASSERT_FALSE(ca.empty() || host.empty());
  ASSERT_EQ(Make({pki, "host/a", "host/b"}), 0) << process_->Stderr();
  EXPECT_EQ(Read("ca.pem"), ca);
  EXPECT_EQ(Read("host-a.pem"), host);
  EXPECT_FALSE(Read("host-b.pem").empty());
  for (const auto& entry : std::filesystem::directory_iterator(pki)) {
    EXPECT_EQ(entry.status().permissions() & std::filesystem::perms::others_all,
              std::filesystem::perms::none)
        << entry.path();
  }
}

TEST_F(DevCertsTest, AreOnlyMadeForIdentities) {
  for (const char* bad : {"../a", "a/../b", "/a", "a/", "a b", "a,URI:b", "ca"}) {
    EXPECT_EQ(Make({folder_.PathOf("pki"), bad}), 1) << bad;
  }
}

}  // namespace
}  // namespace fleetmeter::e2e
