#include "daemon/ctl/client_config.h"

#include "gmock/gmock.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/ctl/command_line_testing.h"

namespace fleetmeter::ctl {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ClientConfigTest : public CommandLineTest {
 protected:
  ClientConfigTest() {
    unsetenv("FLEETMETER_CONFIG");
    setenv("XDG_CONFIG_HOME", folder_.path().c_str(), 1);
  }
  ~ClientConfigTest() override { unsetenv("XDG_CONFIG_HOME"); }

  void WriteUsers(const std::string& text) const {
    folder_.Write("fleetmeter/fleetmeterctl.yaml", text);
  }
  const Connection& connection() { return line_->connection(); }

  const TempFolder folder_;
};

TEST_F(ClientConfigTest, FillsWhatNoFlagGives) {
  WriteUsers(
      "address: file:1\n"
      "admin_address: file:2\n"
      "timeout: 9s\n"
      "tls: {ca: ca.pem, certificate: /etc/me.pem, key: me-key.pem, server_name: meter}\n");
  ASSERT_EQ(Parse({"pools"}), std::nullopt) << error_;
  EXPECT_EQ(connection().address, "file:1");
  EXPECT_EQ(connection().admin_address, "file:2");
  EXPECT_EQ(connection().ingest_address, "127.0.0.1:7443");
  EXPECT_EQ(connection().timeout, 9s);
  EXPECT_EQ(connection().tls.files.authorities, folder_.PathOf("fleetmeter/ca.pem"));
  EXPECT_EQ(connection().tls.files.certificate, "/etc/me.pem");
  EXPECT_EQ(connection().tls.server_name, "meter");
}

TEST_F(ClientConfigTest, FlagsWinOverTheEnvironmentAndThatOverFiles) {
  WriteUsers("address: file:1\ntls: {ca: file.pem}\n");
  setenv("FLEETMETER_ADDRESS", "env:1", 1);
  setenv("FLEETMETER_CA", "env.pem", 1);
  ASSERT_EQ(Parse({"pools"}), std::nullopt) << error_;
  EXPECT_EQ(connection().address, "env:1");
  EXPECT_EQ(connection().tls.files.authorities, "env.pem");
  ASSERT_EQ(Parse({"pools", "--address", "flag:1", "--tls-ca", "flag.pem"}), std::nullopt);
  EXPECT_EQ(connection().address, "flag:1");
  EXPECT_EQ(connection().tls.files.authorities, "flag.pem");
  unsetenv("FLEETMETER_ADDRESS");
  unsetenv("FLEETMETER_CA");
}

TEST_F(ClientConfigTest, AFlagOfAGroupWinsToo) {
  WriteUsers("admin_address: file:2\n");
  ASSERT_EQ(Parse({"source", "list", "--admin-address", "flag:2"}), std::nullopt) << error_;
  EXPECT_EQ(connection().admin_address, "flag:2");
  ASSERT_EQ(Parse({"sources"}), std::nullopt) << error_;
  EXPECT_EQ(connection().admin_address, "file:2");
}

TEST_F(ClientConfigTest, AnEmptyAuthorityTurnsTlsOff) {
  WriteUsers("tls: {ca: ca.pem, certificate: me.pem, key: key.pem}\n");
  ASSERT_EQ(Parse({"pools", "--tls-ca", ""}), std::nullopt) << error_;
  EXPECT_FALSE(connection().tls.enabled());
  EXPECT_EQ(connection().tls.files.certificate, "");
}

TEST_F(ClientConfigTest, TakesANamedFileInsteadOfTheUsualOnes) {
  WriteUsers("address: users:1\n");
  const std::string named = folder_.Write("named.yaml", "admin_address: named:2\n");
  ASSERT_EQ(Parse({"pools", "--config", named}), std::nullopt) << error_;
  EXPECT_EQ(connection().address, "127.0.0.1:7444");
  EXPECT_EQ(connection().admin_address, "named:2");
  ASSERT_EQ(Parse({"pools", "--config", "none"}), std::nullopt);
  EXPECT_EQ(connection().address, "127.0.0.1:7444");
  EXPECT_EQ(Parse({"pools", "--config", folder_.PathOf("nowhere.yaml")}), kExitError);
  EXPECT_THAT(error_, HasSubstr("nowhere.yaml: cannot be opened"));
}

TEST_F(ClientConfigTest, IsStrict) {
  WriteUsers("adress: a:1\n");
  EXPECT_EQ(Parse({"pools"}), kExitError);
  EXPECT_THAT(error_,
              HasSubstr("fleetmeterctl.yaml:1: adress: unknown key (did you mean address?)"));
  WriteUsers("address: no-port\ntls: {ca: a.pem, cert: b.pem}\ntimeout: 5\n");
  EXPECT_EQ(Parse({"pools", "--output", "json"}), kExitError);
  for (const char* said : {"1: address: ", "2: tls.cert: unknown key", "3: timeout: "}) {
    EXPECT_THAT(error_, HasSubstr(said));
  }
  EXPECT_THAT(error_, testing::StartsWith("{\"error\":{\"code\":\"INVALID_ARGUMENT\""));
  // What calls no daemon does not look.
  EXPECT_EQ(Parse({"completion", "bash"}), std::nullopt);
}

}  // namespace
}  // namespace fleetmeter::ctl
