#include "daemon/config/check_config.h"

#include <ctime>

#include "gmock/gmock.h"
#include "tests/unit/config/config_files.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckConfigTest : public testing::Test {
 protected:
  CheckConfigTest() {
    folder_.Write("c.yaml", kCatalogYaml);
    folder_.Write("p.yaml", kPlanYaml);
  }

  // The ledger's path is found to be `ledger`.
  absl::StatusOr<ConfigCheck> Check(const std::string& more,
                                    const absl::Status& ledger = absl::OkStatus()) {
    const std::string path =
        folder_.Write("daemon.yaml", "catalog: c.yaml\nplans: [p.yaml]\n" + more);
    return CheckConfig(path, std::time(nullptr), [&](const std::string& asked) {
      asked_ = asked;
      return ledger;
    });
  }

  const TempFolder folder_;
  std::string asked_;
};

TEST_F(CheckConfigTest, SaysWhatIsThere) {
  const auto check = Check("");
  ASSERT_TRUE(check.ok()) << check.status();
  EXPECT_THAT(check->summary,
              EndsWith("daemon.yaml: ok: catalog version 1 with 1 chip kinds, 1 plan(s)\n"));
  EXPECT_THAT(check->warnings, IsEmpty());
  EXPECT_EQ(asked_, "");
}

TEST_F(CheckConfigTest, ReadsTheCertificates) {
  const auto check = Check(
      "tls: {trust_domain: example.org, certificate: /nowhere/c.pem, key: /nowhere/k.pem, "
      "client_ca: /nowhere/a.pem}\n"
      "authorization: [{identity: spiffe://example.org/ops, roles: [admin]}]\n");
  EXPECT_THAT(std::string(check.status().message()), HasSubstr("/nowhere/"));
}

TEST_F(CheckConfigTest, LooksAtTheLedgersPath) {
  const std::string ledger = "ledger: {path: /nowhere/ledger.db}\n";
  ASSERT_TRUE(Check(ledger).ok());
  EXPECT_EQ(asked_, "/nowhere/ledger.db");
  const auto wrong = Check(ledger, absl::FailedPreconditionError("it is no database"));
  EXPECT_THAT(std::string(wrong.status().message()),
              HasSubstr("daemon.yaml: ledger.path: it is no database"));
}

TEST_F(CheckConfigTest, WarnsOfAFolderThatSystemdMayMake) {
  const auto check =
      Check("ledger: {path: /nowhere/ledger.db}\n", absl::NotFoundError("there is no folder"));
  ASSERT_TRUE(check.ok()) << check.status();
  EXPECT_THAT(check->warnings, ElementsAre(HasSubstr("ledger.path: there is no folder")));
}

}  // namespace
}  // namespace fleetmeter
