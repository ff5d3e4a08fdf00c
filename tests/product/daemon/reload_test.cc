// New plans and catalogs while the daemon runs: they take at once, or not at all.
#include <grpcpp/grpcpp.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "fleetmeter/v1/admin.grpc.pb.h"
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

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
  explicit ReloadTest(DaemonSettings settings = {}) : daemon_(std::move(settings)) {}

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

TEST_F(ReloadTest, ARefusedPlanIsTheSameVersionWithAnotherContent) {
  daemon_.files().Write("plan.yaml", Replaced(kPlan, "{h100e: 16}", "{h100e: 18}"));
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("failed", 1));
  ExpectPlan(daemon_.ScrapeMetrics(), "1", 16);
  EXPECT_TRUE(AwaitLog("plan 'test' version 1 says something else than plan 'test' version 1"));
  EXPECT_TRUE(AwaitLog("raise the version to 2"));

  daemon_.files().Write("plan.yaml", std::string("# as it was\n") + kPlan);
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("ok", 2)) << "a comment is no change";
}

TEST_F(ReloadTest, ARefusedPlanHasALowerVersionThanTheOneInForce) {
  daemon_.files().Write("plan.yaml", PlanVersion2());
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("ok", 2));
  daemon_.files().Write("plan.yaml", kPlan);
  daemon_.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("failed", 1));
  ExpectPlan(daemon_.ScrapeMetrics(), "2", 18);
  EXPECT_TRUE(AwaitLog("plan 'test' version 1 would follow version 2 of the same plan"));
}

TEST(PlanIdentityTest, ALedgerRemembersWhatAVersionSaid) {
  const TempFolder folder;
  DaemonSettings settings;
  settings.more = "ledger: {path: " + folder.PathOf("ledger.db") + "}\n";
  Daemon daemon(settings);
  ASSERT_EQ(daemon.Stop(), 0);
  daemon.files().Write("plan.yaml", Replaced(kPlan, "{h100e: 16}", "{h100e: 18}"));
  const auto start = [&daemon] {
    auto process = ChildProcess::Start(
        {BinaryPath("daemon/fleetmeterd"), "--config=" + daemon.files().PathOf("daemon.yaml")});
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  };
  const auto refused = start();
  EXPECT_EQ(refused->Wait(std::chrono::seconds(30)), 1);
  EXPECT_THAT(refused->Stderr(), HasSubstr("raise the version to 2"));

  daemon.files().Write("plan.yaml", PlanVersion2());
  const auto taken = start();
  std::optional<std::string> line;
  do {
    line = taken->ReadLine(std::chrono::seconds(30));
  } while (line && *line != "ready");
  EXPECT_EQ(line, "ready") << taken->Stderr();
  taken->Signal(SIGTERM);
  EXPECT_EQ(taken->Wait(std::chrono::seconds(30)), 0);
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
    const std::string version = "version: " + std::to_string(i + 2);
    const std::string grant = i % 2 == 0 ? "{h100e: 18}" : "{h100e: 16}";
    daemon_.files().Write("plan.yaml",
                          Replaced(Replaced(kPlan, "version: 1", version), "{h100e: 16}", grant));
    daemon_.process().Signal(SIGHUP);
    ASSERT_TRUE(AwaitReloads("ok", i + 2));
    const double now = Training("fleetmeter_pool_allocated_h100e_seconds_total");
    EXPECT_GE(now, last);
    last = now;
  }
}

constexpr char kKeeps[] =
    "Until then the old value stays in force; everything else is in force now";

// What a restart is needed for, as the operator is told who asks for a reload.
class RestartSettingsTest : public ReloadTest {
 protected:
  RestartSettingsTest() : ReloadTest(WithAdmin()) {}

  static DaemonSettings WithAdmin() {
    DaemonSettings settings;
    settings.listen = {"admin: 127.0.0.1:0"};
    return settings;
  }
  std::string NeedsRestart(const DaemonSettings& settings) {
    daemon_.Configure(settings);
    grpc::ClientContext context;
    v1::ReloadResponse response;
    const grpc::Status status = admin_->Reload(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.config_error(), "");
    return response.needs_restart();
  }
  std::string IngestNeedsRestart(const std::vector<std::string>& ingest) {
    DaemonSettings settings = WithAdmin();
    settings.ingest = ingest;
    return NeedsRestart(settings);
  }

  const std::unique_ptr<v1::Admin::Stub> admin_ = v1::Admin::NewStub(
      grpc::CreateChannel(daemon_.admin_address(), grpc::InsecureChannelCredentials()));
};

TEST_F(RestartSettingsTest, EveryReloadNamesWhatItLeavesOutOfForce) {
  DaemonSettings settings = WithAdmin();
  settings.more = "outcomes: {refresh: 10s}\n";
  const std::string first =
      std::string("this setting takes a restart: outcomes.refresh 30s -> 10s. ") + kKeeps;
  EXPECT_EQ(NeedsRestart(settings), first);
  EXPECT_TRUE(AwaitLog("reload (asked by admin): " + first));
  EXPECT_EQ(NeedsRestart(settings), first) << "it is not in force yet";
  settings.more = "outcomes: {refresh: 20s}\n";
  EXPECT_EQ(NeedsRestart(settings),
            std::string("this setting takes a restart: outcomes.refresh 30s -> 20s. ") + kKeeps);
  EXPECT_EQ(NeedsRestart(WithAdmin()), "") << "nothing differs any more";
}

TEST_F(RestartSettingsTest, NamesTheSettingsThatChangedAndNoOthers) {
  DaemonSettings settings = WithAdmin();
  settings.ingest = {"queue_reports: 5000", "future_tolerance: 1m"};
  settings.more = "log: {level: debug}\n";
  EXPECT_THAT(NeedsRestart(settings),
              StartsWith("these settings take a restart: ingest.queue_reports 65536 -> 5000; "
                         "log.level info -> debug. Until then"));
}

TEST_F(RestartSettingsTest, WhetherThereIsTlsTakesOne) {
  DaemonSettings settings = WithAdmin();
  settings.more =
      "tls: {trust_domain: example.org, certificate: /c, key: /k, client_ca: /a}\n"
      "authorization: [{identity: spiffe://example.org/ops, roles: [admin]}]\n";
  EXPECT_THAT(NeedsRestart(settings),
              StartsWith("these settings take a restart: tls (not set) -> {trust_domain: "
                         "example.org, certificate: /c, key: /k, client_ca: /a}; "
                         "authorization (not set) -> ["));
  EXPECT_THAT(NeedsRestart(settings), StartsWith("these settings take a restart: tls"));
}

// The ledger was opened for the limits of the start.
TEST_F(RestartSettingsTest, TheWriterKeepsTheLongestWindow) {
  EXPECT_THAT(IngestNeedsRestart({"max_window: 1s"}), HasSubstr("ingest.max_window 1h -> 1s"));
  const v1::UsageReport report = GoodReport("host", kHour, /*length=*/60 * kSecond);
  EXPECT_EQ(SendUnary(daemon_.ingest(), stream_, {Numbered(report, 1)}).ack.dispositions_size(), 0);
}

TEST_F(RestartSettingsTest, TheWriterKeepsHowLateAReportMayCome) {
  EXPECT_THAT(IngestNeedsRestart({"max_lateness: 1s", "adjust_up_to: 0s"}),
              HasSubstr("ingest.max_lateness 7d -> 1s; ingest.adjust_up_to 90d -> 0ns"));
  const v1::UsageReport report = GoodReport("host", kHour);
  EXPECT_EQ(SendUnary(daemon_.ingest(), stream_, {Numbered(report, 1)}).ack.dispositions_size(), 0);
}

TEST_F(RestartSettingsTest, WhatAReloadTakesIsInForceBesideThem) {
  EXPECT_NE(IngestNeedsRestart({"max_window: 1s", "future_tolerance: 1h"}), "");
  const v1::UsageReport report = GoodReport("host", /*ago=*/-600 * kSecond);
  EXPECT_EQ(SendUnary(daemon_.ingest(), stream_, {Numbered(report, 1)}).ack.dispositions_size(), 0);
}

TEST_F(RestartSettingsTest, FleetmeterctlSaysTheSame) {
  DaemonSettings settings = WithAdmin();
  settings.ingest = {"queue_reports: 5000"};
  const std::string told = NeedsRestart(settings);
  const auto ctl = ChildProcess::Start({BinaryPath("daemon/fleetmeterctl"), "admin", "reload",
                                        "--admin-address=" + daemon_.admin_address()});
  ASSERT_TRUE(ctl.ok()) << ctl.status();
  EXPECT_EQ((*ctl)->Wait(std::chrono::seconds(30)), 0);
  EXPECT_EQ((*ctl)->Stderr(), "fleetmeterctl: " + told + "\n");
}

}  // namespace
}  // namespace fleetmeter::e2e
