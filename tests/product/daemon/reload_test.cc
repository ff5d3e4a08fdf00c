// New plans and catalogs while the daemon runs: they take at once, or not at all.
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

constexpr char kSuccessful[] = "fleetmeter_config_last_reload_successful";

std::string PlanVersion2() {
  return Replaced(Replaced(kPlan, "version: 1", "version: 2"), "{h100e: 16}", "{h100e: 18}");
}

std::string BadPlan() { return Replaced(kPlan, "{h100e: 16}", "{h100e: 160}"); }

std::string CatalogVersion2() {
  return Replaced(Replaced(kCatalog, "version: 1", "version: 2"), "chips_per_h100e: 2",
                  "chips_per_h100e: 4");
}

class ReloadTest : public testing::Test {
 protected:
  bool AwaitReloads(const std::string& result, double count) {
    std::optional<int> ended;
    const bool reloaded = Eventually([&] {
      ended = daemon_.process().Wait(std::chrono::milliseconds(0));
      return ended || daemon_.ScrapeMetrics().Value("fleetmeter_config_reloads_total",
                                                    {{"result", result}}) >= count;
    });
    EXPECT_EQ(ended, std::nullopt) << "the daemon has ended";
    return reloaded && !ended;
  }
  bool AwaitLog(const std::string& text) {
    return Eventually([&] { return daemon_.process().Stderr().find(text) != std::string::npos; });
  }
  // A second of one a100 of pool training.
  v1::Ack SendA100(uint64_t sequence) {
    v1::UsageReport report = MakeReport("host" + std::to_string(sequence));
    AddAssigned(report, "training", "pretrain", {1}, "a100");
    return SendUnary(daemon_.ingest(), stream_, {Numbered(report, sequence)}).ack;
  }
  double Training(const std::string& what) const {
    return daemon_.ScrapeMetrics().Value(what, {{"pool", "training"}}).value_or(-1);
  }

  Daemon daemon_;
  const std::string stream_ = RandomStreamId();
};

void ExpectPlan(const Scrape& scrape, const std::string& version, double allocated) {
  EXPECT_EQ(scrape.Value("fleetmeter_plan_info", {{"plan", "test"}, {"version", version}}), 1);
  EXPECT_EQ(scrape.Value("fleetmeter_plan_info"), 1);  // and no other
  EXPECT_EQ(scrape.Value("fleetmeter_pool_allocated_h100e", {{"pool", "serving"}}), allocated);
}

TEST_F(ReloadTest, SighupTakesANewPlan) {
  ExpectPlan(daemon_.ScrapeMetrics(), "1", 16);
  daemon_.files().Write("plan.yaml", PlanVersion2());
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("ok", 2));  // the start is the first
  const Scrape scrape = daemon_.ScrapeMetrics();
  ExpectPlan(scrape, "2", 18);
  EXPECT_EQ(scrape.Value(kSuccessful), 1);
  EXPECT_EQ(daemon_.FindPool("serving").allocated_h100e(), 18);
  EXPECT_EQ(daemon_.ListPools().basis().plan_version(), 2U);
}

TEST_F(ReloadTest, AChangedFileIsTakenWithoutASignal) {
  daemon_.files().Write("plan.yaml", PlanVersion2());
  ASSERT_TRUE(AwaitReloads("ok", 2));
  ExpectPlan(daemon_.ScrapeMetrics(), "2", 18);
}

TEST_F(ReloadTest, ABadPlanChangesNothingAndSaysWhatIsWrong) {
  daemon_.files().Write("plan.yaml", BadPlan());
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("failed", 1));
  const Scrape scrape = daemon_.ScrapeMetrics();
  ExpectPlan(scrape, "1", 16);
  EXPECT_EQ(scrape.Value(kSuccessful), 0);
  EXPECT_TRUE(AwaitLog("pools are allocated 160"));
  EXPECT_THAT(daemon_.process().Stderr(), ContainsRegex("plan\\.yaml:[0-9]+: "));
  EXPECT_EQ(SendA100(1).acknowledged_through(), 1U);

  daemon_.files().Write("plan.yaml", PlanVersion2());
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("ok", 2));
  EXPECT_EQ(daemon_.ScrapeMetrics().Value(kSuccessful), 1);
  ExpectPlan(daemon_.ScrapeMetrics(), "2", 18);
}

TEST_F(ReloadTest, ABadConfigurationChangesNothingAndSaysWhere) {
  daemon_.files().Write("daemon.yaml",
                        "catalog: catalog.yaml\nplans: [plan.yaml]\nlisten_to: me\n");
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("failed", 1));
  EXPECT_TRUE(AwaitLog("daemon.yaml:3: listen_to"));
  ExpectPlan(daemon_.ScrapeMetrics(), "1", 16);
}

// The framework's file, whose supply names kinds of the shipped catalog beside it.
std::string Framework(const std::string& growth) {
  std::ifstream file(std::string(std::getenv("FLEETMETER_SOURCE_DIR")) +
                     "/deploy/demo/framework.yaml");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  text = Replaced(text, "catalog: ../catalog/default.yaml", "catalog: chips.yaml");
  return Replaced(text, "growth: 400%", "growth: " + growth);
}

std::string ShippedCatalog() {
  std::ifstream file(std::string(std::getenv("FLEETMETER_SOURCE_DIR")) +
                     "/deploy/catalog/default.yaml");
  return {std::istreambuf_iterator<char>(file), {}};
}

class FrameworkReloadTest : public ReloadTest {
 protected:
  FrameworkReloadTest() {
    daemon_.files().Write("chips.yaml", ShippedCatalog());
    daemon_.files().Write("framework.yaml", Framework("400%"));
    DaemonSettings settings;
    settings.more = "framework: framework.yaml\n";
    daemon_.Configure(settings);
    EXPECT_TRUE(AwaitReloads("ok", 2));
    EXPECT_TRUE(AwaitLog("catalog version 1, framework 'demo' version 1"));
  }
};

TEST_F(FrameworkReloadTest, AChangedFrameworkIsTakenWithoutASignal) {
  daemon_.files().Write("framework.yaml",
                        Replaced(Framework("300%"), "version: 1\n", "version: 2\n"));
  ASSERT_TRUE(AwaitReloads("ok", 3));
  EXPECT_TRUE(AwaitLog("framework 'demo' version 2"));
}

TEST_F(FrameworkReloadTest, SoIsTheCatalogThatItNames) {
  daemon_.files().Write("chips.yaml", "version: none\n");
  ASSERT_TRUE(AwaitReloads("failed", 1));
  EXPECT_TRUE(AwaitLog("chips.yaml:1: version: "));
  daemon_.files().Write("chips.yaml", ShippedCatalog());
  EXPECT_TRUE(AwaitReloads("ok", 3)) << "mending it brings it in";
}

TEST_F(FrameworkReloadTest, ABadOneChangesNothingNorDoesThePlanBesideIt) {
  daemon_.files().Write("framework.yaml", Framework("much"));
  daemon_.files().Write("plan.yaml", PlanVersion2());
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("failed", 1));
  ExpectPlan(daemon_.ScrapeMetrics(), "1", 16);
  ASSERT_TRUE(AwaitLog("training.growth: "));
  EXPECT_THAT(daemon_.process().Stderr(),
              ContainsRegex("framework\\.yaml:[0-9]+: training.growth"));
  daemon_.files().Write("framework.yaml", Framework("300%"));
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(Eventually(
      [&] { return daemon_.ScrapeMetrics().Has("fleetmeter_plan_info", {{"version", "2"}}); }));
}

TEST_F(ReloadTest, ReportsOfARemovedPoolAreRejectedAndItsCountersStay) {
  EXPECT_EQ(SendA100(1).dispositions_size(), 0);
  const std::string plan = Replaced(PlanVersion2(), "name: training", "name: training-2");
  daemon_.files().Write("plan.yaml", plan);
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("ok", 2));
  const v1::Ack ack = SendA100(2);
  EXPECT_EQ(ack.acknowledged_through(), 2U);
  ASSERT_EQ(ack.dispositions_size(), 1);
  EXPECT_EQ(ack.dispositions(0).code(), v1::Disposition::REJECTED);
  EXPECT_EQ(ack.dispositions(0).reason(), "unknown_pool");
  EXPECT_THAT(ack.dispositions(0).detail(), HasSubstr("of plan 'test' version 2"));
  EXPECT_EQ(Training("fleetmeter_pool_assigned_chip_seconds_total"), 1);
  EXPECT_EQ(Training("fleetmeter_pool_allocated_h100e"), -1);
  EXPECT_GT(Training("fleetmeter_pool_allocated_h100e_seconds_total"), 0);
}

TEST_F(ReloadTest, AnotherRatioHoldsFromThenOnAndMovesNoCounter) {
  constexpr char kAssigned[] = "fleetmeter_pool_assigned_h100e_seconds_total";
  constexpr char kBusy[] = "fleetmeter_pool_busy_h100e_seconds_total";
  EXPECT_EQ(SendA100(1).dispositions_size(), 0);
  EXPECT_EQ(Training(kAssigned), 0.5);

  // 32 a100 are 8 H100e now, of 40.
  daemon_.files().Write("plan.yaml", Replaced(PlanVersion2(), "{h100e: 18}", "{h100e: 10}"));
  daemon_.files().Write("catalog.yaml", CatalogVersion2());
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(Eventually(
      [&] { return daemon_.ScrapeMetrics().Has("fleetmeter_catalog_info", {{"version", "2"}}); }));
  EXPECT_EQ(Training(kAssigned), 0.5);
  EXPECT_EQ(Training(kBusy), 0.5);

  EXPECT_EQ(SendA100(2).dispositions_size(), 0);
  EXPECT_EQ(Training(kAssigned), 0.75);
  EXPECT_EQ(Training(kBusy), 0.75);
  EXPECT_EQ(Training("fleetmeter_pool_assigned_chip_seconds_total"), 2);
  EXPECT_EQ(daemon_.TotalsOf("training", "a100"), (Totals{"2000000000", "2000000000", "0"}));
}

TEST_F(ReloadTest, GrantedTimeNeverRunsBackwards) {
  double last = 0;
  for (int i = 0; i < 20; ++i) {
    daemon_.files().Write("plan.yaml", i % 2 == 0 ? PlanVersion2() : std::string(kPlan));
    daemon_.process().Signal(SIGHUP);
    ASSERT_TRUE(AwaitReloads("ok", i + 2));
    const double now = Training("fleetmeter_pool_allocated_h100e_seconds_total");
    EXPECT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace fleetmeter::e2e
