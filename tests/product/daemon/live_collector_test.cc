// The real collector with a configuration: what a live source sees reaches the daemon, and the
// collector's own metrics say what it saw.
#include <csignal>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/metric_promises.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;

// 8 chips of a team of the plan, 2 that no rule takes, and 1 whose kind nobody knows, which is of
// nobody either.
constexpr char kLab[] = R"(sources:
  - type: static
    name: lab
    host: lab-1
    attribution:
      version: 1
      unmatched: unattributed
      rules:
        - match: {holder.team: [chat]}
          pool: serving
          team: chat
    devices:
      - {chips: 8, model: h100, holder: {team: chat}}
      - {chips: 2, model: h100, holder: {team: strangers}}
      - {chips: 1, model: "a chip of tomorrow", holder: {team: strangers}}
)";

class LiveCollectorTest : public testing::Test {
 protected:
  void Configure(const std::string& sources, const std::string& more = "") {
    files_.Write("collector.yaml", "daemon: " + daemon_.ingest_address() +
                                       "\ninterval: 100ms\nmetrics: 127.0.0.1:0\n"
                                       "unattributed: {pool: serving, team: chat}\n" +
                                       more + sources);
  }
  void Start(const std::string& sources = kLab) {
    Configure(sources);
    auto process = ChildProcess::Start({BinaryPath("collectors/fleetmeter-collector"),
                                        "--config=" + files_.PathOf("collector.yaml")});
    ASSERT_TRUE(process.ok()) << process.status();
    collector_ = *std::move(process);
    const std::optional<std::string> line = collector_->ReadLine(30s);
    ASSERT_TRUE(line && line->starts_with("metrics ")) << collector_->Stderr();
    metrics_ = line->substr(8);
  }
  Scrape ScrapeCollector() const {
    const auto reply = HttpRequest(metrics_, "GET", "/metrics");
    return Scrape(reply ? reply->body : "");
  }

  // Waits for as many reloads; the start is the first that succeeds.
  bool AwaitReloads(const std::string& result, double count) const {
    return Eventually([&] {
      return ScrapeCollector().Value("fleetmeter_collector_config_reloads_total",
                                     {{"result", result}}) >= count;
    });
  }
  double Assigned(const std::string& pool) const {
    return daemon_.ScrapeMetrics()
        .Value("fleetmeter_pool_assigned_h100e", {{"pool", pool}})
        .value_or(-1);
  }
  bool Says(const std::string& text) const {
    return Eventually([&] { return collector_->Stderr().find(text) != std::string::npos; });
  }

  TempFolder files_;
  Daemon daemon_;
  std::unique_ptr<ChildProcess> collector_;
  std::string metrics_;
};

TEST_F(LiveCollectorTest, WhatItSeesReachesTheDaemonAndItsMetrics) {
  Start();
  const auto held = [&] {
    return daemon_.ScrapeMetrics().Value("fleetmeter_pool_assigned_h100e", {{"pool", "serving"}});
  };
  ASSERT_TRUE(Eventually([&] { return held() == 10; })) << collector_->Stderr();
  const Scrape scrape = ScrapeCollector();
  const auto promises = ReadPromises([](std::string_view family) {
    return IsCollectorFamily(family) || family.starts_with("process_");
  });
  ASSERT_GT(promises.size(), 20U);
  EXPECT_THAT(BrokenPromises(scrape, promises), testing::IsEmpty());
  const Labels lab = {{"source", "lab"}};
  EXPECT_GE(scrape.Value("fleetmeter_collector_source_looks_total", lab).value_or(-1), 1);
  EXPECT_EQ(scrape.Value("fleetmeter_collector_source_devices", lab), 11);
  EXPECT_EQ(scrape.Value("fleetmeter_collector_unattributed_chips"), 3);
  EXPECT_EQ(scrape.Value("fleetmeter_collector_unknown_kind_chips"), 1);
  collector_->Signal(SIGTERM);
  EXPECT_EQ(collector_->Wait(30s), 0) << collector_->Stderr();
}

constexpr char kAnnex[] = R"(  - type: static
    name: annex
    host: annex-1
    attribution: {version: 1, rules: [{pool: training, team: pretrain}]}
    devices:
      - {chips: 4, model: h100, holder: {team: pretrain}}
)";

TEST_F(LiveCollectorTest, AReloadStartsNewSourcesAndTheOthersGoOn) {
  Start();
  ASSERT_TRUE(Eventually([&] { return Assigned("serving") == 10; })) << collector_->Stderr();
  const auto looks = [&] {
    return ScrapeCollector()
        .Value("fleetmeter_collector_source_looks_total", {{"source", "lab"}})
        .value_or(0);
  };
  const double before = looks();
  Configure(std::string(kLab) + kAnnex);
  collector_->Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("ok", 2)) << collector_->Stderr();
  EXPECT_TRUE(Eventually([&] { return Assigned("training") == 4; })) << collector_->Stderr();
  EXPECT_EQ(Assigned("serving"), 10);
  EXPECT_GT(looks(), before);
  const Scrape scrape = ScrapeCollector();
  EXPECT_EQ(scrape.Value("fleetmeter_collector_config_last_reload_successful"), 1);
  EXPECT_EQ(scrape.Value("fleetmeter_collector_source_devices", {{"source", "annex"}}), 4);
}

TEST_F(LiveCollectorTest, AChangedFileIsTakenUpWithoutASignal) {
  Start();
  Configure(std::string(kLab) + kAnnex);
  EXPECT_TRUE(AwaitReloads("ok", 2)) << collector_->Stderr();
  EXPECT_TRUE(Eventually([&] { return Assigned("training") == 4; })) << collector_->Stderr();
}

TEST_F(LiveCollectorTest, ABadFileChangesNothingAndSaysWhatIsWrong) {
  Start();
  Configure(std::string(kLab) + "  - {type: statik, name: annex}\n");
  collector_->Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("failed", 1)) << collector_->Stderr();
  EXPECT_EQ(ScrapeCollector().Value("fleetmeter_collector_config_last_reload_successful"), 0);
  EXPECT_TRUE(Says("did you mean static?"));
  EXPECT_TRUE(Says("the old configuration stays"));
  EXPECT_TRUE(Eventually([&] { return Assigned("serving") == 10; })) << collector_->Stderr();
  Configure(kLab);
  ASSERT_TRUE(AwaitReloads("ok", 2));
  EXPECT_EQ(ScrapeCollector().Value("fleetmeter_collector_config_last_reload_successful"), 1);
}

TEST_F(LiveCollectorTest, NamesWhatTakesARestart) {
  Start();
  Configure(kLab, "spool: {folder: elsewhere}\n");
  collector_->Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("ok", 2));
  EXPECT_TRUE(Says("takes a restart: spool.folder (not set) -> "));
}

// Its host falls silent: what it held is never headroom of anybody.
TEST_F(LiveCollectorTest, WhatASourceHeldIsNotFreeBecauseTheSourceIsGone) {
  Start(std::string(kLab) + kAnnex);
  ASSERT_TRUE(Eventually([&] { return Assigned("training") == 4; })) << collector_->Stderr();
  const auto room = [&] {
    return daemon_.ScrapeMetrics()
        .Value("fleetmeter_pool_headroom_h100e", {{"pool", "training"}})
        .value_or(-1);
  };
  const double headroom = room();
  Configure(kLab);
  ASSERT_TRUE(Eventually([&] {
    return !ScrapeCollector().Has("fleetmeter_collector_source_devices", {{"source", "annex"}});
  })) << collector_->Stderr();
  EXPECT_EQ(room(), headroom);
  collector_->Signal(SIGTERM);
  EXPECT_EQ(collector_->Wait(30s), 0) << collector_->Stderr();
}

TEST_F(LiveCollectorTest, AReplayIsASourceAmongSources) {
  files_.Write("fleet.csv",
               "time_seconds,host,chip,chips,state,pool,team,signal,activity\n"
               "0,rec-1,h100,2,assigned,evals,red,gr_engine_active,0.5\n");
  const std::string replay =
      "  - {type: replay-csv, name: recording, file: fleet.csv, hold: true}\n";
  Start(std::string(kLab) + replay);
  EXPECT_TRUE(Eventually([&] { return Assigned("evals") == 2; })) << collector_->Stderr();
  EXPECT_TRUE(Eventually([&] { return Assigned("serving") == 10; })) << collector_->Stderr();
  EXPECT_EQ(ScrapeCollector().Value("fleetmeter_collector_connected", {{"pipeline", "recording"}}),
            1);
  Configure(kLab);
  collector_->Signal(SIGHUP);
  ASSERT_TRUE(AwaitReloads("ok", 2));
  EXPECT_TRUE(Says("replay recording (running) -> (not set)")) << "it takes a restart";
}

}  // namespace
}  // namespace fleetmeter::e2e
