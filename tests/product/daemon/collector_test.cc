// The real collector, replaying a small fleet into the real daemon.
#include <csignal>
#include <fstream>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// In 100 s: pool serving 2 h100 for 100 s, busy 150 chip-seconds, and 1 h100 for the last 40 s that
// nothing measures; pool training 4 a100 for 60 s, busy and productive half of the time.
constexpr char kReplayedFleet[] =
    R"(time_seconds,host,chip,chips,state,pool,team,workload,signal,activity,productive
0,node-1,h100,2,assigned,serving,chat,chat-large,gr_engine_active,0.75,
0,node-2,a100,4,assigned,training,pretrain,run-7,gr_engine_active,0.5,0.5
60,node-2,,,silent,,,,,,
0,node-3,h100,1,unassigned,,,,,,
60,node-3,h100,1,assigned,serving,batch,,allocated_only,,
)";

class CollectorTest : public testing::Test {
 protected:
  // A collector of the fleet's first 100 s, a hundred times as fast.
  std::unique_ptr<ChildProcess> Replay(const std::string& daemon,
                                       const std::string& fleet = kReplayedFleet,
                                       const std::vector<std::string>& more = {"--speed=100",
                                                                               "--until=100"}) {
    file_.Write("fleet.csv", fleet);
    std::vector<std::string> argv = {BinaryPath("collectors/fleetmeter-collector"),
                                     "--daemon=" + daemon,
                                     "--interval=0.05",
                                     "--drain=" + drain_seconds_,
                                     "replay-csv",
                                     "--file=" + file_.PathOf("fleet.csv")};
    argv.insert(argv.end(), more.begin(), more.end());
    auto process = ChildProcess::Start(argv);
    if (!process.ok()) throw std::runtime_error(process.status().ToString());
    return *std::move(process);
  }

  static DaemonSettings AcceptingReplays(const std::string& ingest_address = "127.0.0.1:0") {
    DaemonSettings settings;
    settings.ingest = {"accept_replay: true"};
    settings.ingest_address = ingest_address;
    return settings;
  }

  static void ExpectWholeFleet(Daemon& daemon) {
    EXPECT_EQ(daemon.TotalsOf("serving"), (Totals{"200000000000", "150000000000", "0"}));
    EXPECT_EQ(daemon.TotalsOf("serving", "h100", "allocated_only"),
              (Totals{"40000000000", "0", "0"}));
    EXPECT_EQ(daemon.TotalsOf("training", "a100"),
              (Totals{"240000000000", "120000000000", "120000000000"}));
    EXPECT_EQ(daemon.ScrapeMetrics().Value("fleetmeter_ingest_rejected_reports_total"), 0);
  }

  // An address that nobody listens on, and that a daemon can take.
  static std::string FreeAddress() {
    Daemon daemon;
    return daemon.ingest_address();
  }

  TempFolder file_;
  std::string drain_seconds_ = "20";
};

double ChipSeconds(const Scrape& scrape) {
  return scrape.Value("fleetmeter_pool_assigned_chip_seconds_total").value_or(0);
}

TEST_F(CollectorTest, ReplaysAFleetToTheNanosecondAndEndsByItself) {
  Daemon daemon(AcceptingReplays());
  const auto collector = Replay(daemon.ingest_address());
  EXPECT_EQ(collector->Wait(60s), 0) << collector->Stderr();
  ExpectWholeFleet(daemon);
}

TEST_F(CollectorTest, WaitsForADaemonThatIsNotThereYet) {
  const std::string address = FreeAddress();
  const auto collector = Replay(address);
  ASSERT_TRUE(Eventually([&] {
    return collector->Stderr().find("reports wait") != std::string::npos;
  })) << collector->Stderr();
  Daemon daemon(AcceptingReplays(address));
  EXPECT_EQ(collector->Wait(60s), 0) << collector->Stderr();
  ExpectWholeFleet(daemon);
}

TEST_F(CollectorTest, GoesOnWhenTheDaemonIsRestartedInBetween) {
  std::string address;
  double before = 0;
  std::unique_ptr<ChildProcess> collector;
  {
    Daemon daemon(AcceptingReplays());
    address = daemon.ingest_address();
    collector = Replay(address, kReplayedFleet, {"--speed=50", "--until=100"});
    ASSERT_TRUE(Eventually([&] { return ChipSeconds(daemon.ScrapeMetrics()) > 50; }));
    daemon.process().Signal(SIGTERM);
    before = ChipSeconds(daemon.LastScrape());
    EXPECT_EQ(daemon.process().Wait(30s), 0) << daemon.process().Stderr();
  }
  EXPECT_GT(before, 50);
  EXPECT_LT(before, 480);
  Daemon daemon(AcceptingReplays(address));
  EXPECT_EQ(collector->Wait(60s), 0) << collector->Stderr();
  const Scrape scrape = daemon.ScrapeMetrics();
  // The first daemon's books went with it: together they have everything, once.
  EXPECT_NEAR(before + ChipSeconds(scrape), 480, 1e-6);
  EXPECT_EQ(scrape.Value("fleetmeter_ingest_rejected_reports_total"), 0);
}

TEST_F(CollectorTest, SaysWhyADaemonWillNotHaveAReplay) {
  Daemon daemon;
  const auto collector = Replay(daemon.ingest_address());
  EXPECT_EQ(collector->Wait(60s), 1);
  EXPECT_THAT(collector->Stderr(), HasSubstr("ingest.accept_replay is off"));
  EXPECT_EQ(daemon.TotalsOf("serving"), Totals());
}

TEST_F(CollectorTest, SaysThatReportsWereDeferredAndAreLostWithoutASpool) {
  Daemon daemon(AcceptingReplays());
  const auto collector =
      Replay(daemon.ingest_address(),
             Replaced(kReplayedFleet, "serving,chat,chat-large", "nowhere,chat,chat-large"));
  EXPECT_EQ(collector->Wait(60s), 1);
  EXPECT_THAT(collector->Stderr(), HasSubstr("unknown_pool: pool 'nowhere' in plan 'test'"));
  EXPECT_THAT(collector->Stderr(), HasSubstr("were deferred by the daemon and are lost"));
  // The others were not held up.
  EXPECT_EQ(daemon.TotalsOf("training", "a100").assigned, "240000000000");
}

TEST_F(CollectorTest, DeliversWhatIsLeftOnSigterm) {
  Daemon daemon;
  const auto collector = Replay(daemon.ingest_address(), kReplayedFleet, {"--hold"});
  ASSERT_TRUE(Eventually([&] { return ChipSeconds(daemon.ScrapeMetrics()) > 1; }));
  EXPECT_EQ(daemon.FindPool("serving").assigned_h100e(), 2);
  collector->Signal(SIGTERM);
  EXPECT_EQ(collector->Wait(30s), 0) << collector->Stderr();
  EXPECT_THAT(collector->Stderr(), HasSubstr("stopping on signal 15"));
  const Scrape scrape = daemon.ScrapeMetrics();
  EXPECT_EQ(scrape.Value("fleetmeter_ingest_reports_total"),
            scrape.Value("fleetmeter_ingest_reports_total", {{"result", "accepted"}}));
  EXPECT_TRUE(
      Eventually([&] { return daemon.ScrapeMetrics().Value("fleetmeter_ingest_streams") == 0; }));
}

TEST_F(CollectorTest, OnSigtermGivesUpOnADaemonThatIsGone) {
  drain_seconds_ = "0.2";
  const auto collector = Replay(FreeAddress(), kReplayedFleet, {"--speed=100", "--until=100"});
  ASSERT_TRUE(Eventually([&] {
    const std::string log = collector->Stderr();
    const size_t at = log.rfind(" reports wait");
    return at != std::string::npos && log.substr(at - 2, 2) != " 0";
  })) << collector->Stderr();
  collector->Signal(SIGTERM);
  EXPECT_EQ(collector->Wait(30s), 1);
  EXPECT_THAT(collector->Stderr(), HasSubstr("were not delivered"));
}

}  // namespace
}  // namespace fleetmeter::e2e
