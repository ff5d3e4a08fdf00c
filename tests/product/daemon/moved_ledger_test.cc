// A daemon whose ledger is moved away while it runs: it acknowledges nothing, says so wherever it
// is asked, and goes on when the file is back.
#include <filesystem>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"
#include "tests/support/scrape.h"

namespace fleetmeter::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr char kInPlace[] = "fleetmeter_ledger_file_in_place";

class MovedLedgerTest : public testing::Test {
 protected:
  DaemonSettings Settings() const { return {.more = "ledger:\n  path: " + path_ + "\n"}; }
  // What an identity's next report is told: whether it was acknowledged.
  static bool Settles(Daemon& daemon, const std::string& source) {
    StreamClient client(daemon.ingest());
    if (!client.Open()) return false;
    return client.Settle({Numbered(GoodReport(source), 1)}).acknowledged_through() == 1;
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("ledger.db");
};

TEST_F(MovedLedgerTest, IsNoticedWithoutAReportAndMendedByMovingItBack) {
  Daemon daemon(Settings());
  ASSERT_TRUE(Settles(daemon, "before"));
  EXPECT_EQ(daemon.ScrapeMetrics().Value(kInPlace), 1);
  fs::rename(path_, path_ + ".moved");
  EXPECT_TRUE(Eventually([&] { return daemon.ScrapeMetrics().Value(kInPlace) == 0; }));
  const auto ready = HttpRequest(daemon.http_address(), "GET", "/readyz");
  ASSERT_TRUE(ready.has_value());
  EXPECT_EQ(ready->status, 503);
  EXPECT_THAT(ready->body, HasSubstr("no longer at"));
  EXPECT_FALSE(Settles(daemon, "meanwhile"));
  fs::rename(path_ + ".moved", path_);
  EXPECT_TRUE(Eventually([&] { return daemon.ScrapeMetrics().Value(kInPlace) == 1; }));
  EXPECT_TRUE(Eventually([&] { return Settles(daemon, "after"); }));
  EXPECT_EQ(daemon.Stop(), 0);
}

TEST_F(MovedLedgerTest, IsNotBegunAnewByTheNextStart) {
  {
    Daemon daemon(Settings());
    ASSERT_TRUE(Settles(daemon, "before"));
    fs::remove(path_);
    EXPECT_TRUE(Eventually([&] { return daemon.ScrapeMetrics().Value(kInPlace) == 0; }));
    EXPECT_FALSE(Settles(daemon, "meanwhile"));
    EXPECT_EQ(daemon.Stop(), 0);
  }
  EXPECT_FALSE(fs::exists(path_)) << "stopping made no ledger of that name";
}

}  // namespace
}  // namespace fleetmeter::e2e
