// What somebody else can mend is not lost: a typo in a plan, a pool that an edit dropped, a daemon
// whose clock is behind, a collector whose clock is ahead. The books end with what was measured.
#include <csignal>
#include <filesystem>

#include "daemon/base/units.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

constexpr char kTwoPools[] =
    R"(time_seconds,host,chip,chips,state,pool,team,workload,signal,activity,productive
0,node-1,h100,2,assigned,serving,chat,chat-large,gr_engine_active,0.75,
0,node-2,a100,4,assigned,training,pretrain,run-7,gr_engine_active,0.5,0.5
)";

std::string PlanOf(int version, const std::string& from = "", const std::string& to = "") {
  const std::string plan = Replaced(kPlan, "version: 1", "version: " + std::to_string(version));
  return from.empty() ? plan : Replaced(plan, from, to);
}

class DeferralTest : public testing::Test {
 protected:
  // For a program whose wall clock is off by so much (tests/support/fake_wall_clock.cc).
  std::map<std::string, std::string> ClockOff(int64_t nanos) {
    SetClockOff(nanos);
    return {{"LD_PRELOAD", BinaryPath("tests/support/libfake_wall_clock.so")},
            {"FLEETMETER_FAKE_WALL_CLOCK", files_.PathOf("clock")}};
  }
  // Replaced as a whole: the program may read it at any moment.
  void SetClockOff(int64_t nanos) {
    files_.Write("clock.new", std::to_string(nanos));
    std::filesystem::rename(files_.PathOf("clock.new"), files_.PathOf("clock"));
  }

  void StartDaemon(DaemonSettings settings = {}) { daemon_.emplace(std::move(settings)); }

  // With the clock of ClockOff, if it is given.
  void StartCollector(const std::map<std::string, std::string>& env = {}) {
    files_.Write("fleet.csv", kTwoPools);
    std::vector<std::string> argv;
    if (!env.empty()) argv.push_back("/usr/bin/env");
    for (const auto& [name, value] : env) argv.push_back(name + "=" + value);
    for (const std::string& word : std::vector<std::string>{
             BinaryPath("collectors/fleetmeter-collector"), "--daemon=" + daemon_->ingest_address(),
             "--interval=0.05", "--drain=20", "--metrics=127.0.0.1:0",
             "--spool=" + files_.PathOf("spool"), "replay-csv",
             "--file=" + files_.PathOf("fleet.csv"), "--hold"}) {
      argv.push_back(word);
    }
    auto process = ChildProcess::Start(argv);
    ASSERT_TRUE(process.ok()) << process.status();
    collector_ = *std::move(process);
    const std::optional<std::string> line = collector_->ReadLine(30s);
    ASSERT_TRUE(line && line->starts_with("metrics ")) << collector_->Stderr();
    metrics_ = line->substr(8);
  }

  double OfCollector(const std::string& name) const {
    const auto reply = HttpRequest(metrics_, "GET", "/metrics");
    return Scrape(reply ? reply->body : "").Value("fleetmeter_collector_" + name).value_or(0);
  }
  double OfDaemon(const std::string& name, const std::map<std::string, std::string>& labels = {}) {
    return daemon_->ScrapeMetrics().Value(name, labels).value_or(0);
  }
  void LoadPlan(const std::string& plan, const std::string& version) {
    daemon_->files().Write("plan.yaml", plan);
    daemon_->process().Signal(SIGHUP);
    ASSERT_TRUE(Eventually([&] {
      return daemon_->ScrapeMetrics().Has("fleetmeter_plan_info", {{"version", version}});
    })) << daemon_->process().Stderr();
  }
  // The metrics may tell it a moment before the log does.
  bool AwaitSaid(const std::string& words) {
    return Eventually([&] { return collector_->Stderr().find(words) != std::string::npos; });
  }
  bool AwaitDeferred(double most = 1e9) {
    return Eventually([&] {
      const double deferred = OfCollector("deferred_reports");
      return most == 0 ? deferred == 0 : deferred >= 4;
    });
  }

  // Both hosts were measured for the same windows, so that the books have twice as many chips of
  // one as of the other, to the nanosecond; and nothing was rejected or lost.
  void ExpectBooksAreWhole() {
    collector_->Signal(SIGTERM);
    EXPECT_EQ(collector_->Wait(60s), 0) << collector_->Stderr();
    const Totals serving = daemon_->TotalsOf("serving", "h100", "gr_engine_active");
    const Totals training = daemon_->TotalsOf("training", "a100", "gr_engine_active");
    EXPECT_GT(std::stod(serving.assigned), 0);
    EXPECT_EQ(2 * std::stoll(serving.assigned), std::stoll(training.assigned));
    EXPECT_EQ(OfDaemon("fleetmeter_ingest_rejected_reports_total"), 0);
    EXPECT_EQ(OfDaemon("fleetmeter_ingest_deferred_sources"), 0);
  }

  TempFolder files_;
  std::optional<Daemon> daemon_;
  std::unique_ptr<ChildProcess> collector_;
  std::string metrics_;
};

TEST_F(DeferralTest, ATypoInATeamOfThePlanLosesNothing) {
  StartDaemon();
  StartCollector();
  LoadPlan(PlanOf(2, "pretrain", "pretrian"), "2");
  ASSERT_TRUE(AwaitDeferred()) << collector_->Stderr();
  EXPECT_EQ(OfDaemon("fleetmeter_ingest_deferred_sources",
                     {{"reason", "unknown_team"}, {"pool", "training"}}),
            1);
  EXPECT_TRUE(AwaitSaid("team 'pretrain' of pool 'training'")) << collector_->Stderr();
  LoadPlan(PlanOf(3), "3");
  ASSERT_TRUE(AwaitDeferred(0)) << collector_->Stderr();
  ExpectBooksAreWhole();
}

TEST_F(DeferralTest, APoolThatWasDroppedAndRestoredLosesNothing) {
  StartDaemon();
  StartCollector();
  LoadPlan(PlanOf(2, "name: training", "name: training-2"), "2");
  ASSERT_TRUE(AwaitDeferred()) << collector_->Stderr();
  // A collector that is killed meanwhile keeps what was deferred.
  collector_->Signal(SIGKILL);
  collector_->Wait(30s);
  StartCollector();
  LoadPlan(PlanOf(3), "3");
  ASSERT_TRUE(AwaitDeferred(0)) << collector_->Stderr();
  ExpectBooksAreWhole();
}

TEST_F(DeferralTest, ADaemonThatStartsAnHourBehindLosesNothing) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's programs take no preloaded clock";
  DaemonSettings settings;
  settings.env = ClockOff(-kHour);
  StartDaemon(settings);
  StartCollector();
  ASSERT_TRUE(AwaitDeferred()) << collector_->Stderr();
  EXPECT_GE(OfDaemon("fleetmeter_ingest_deferred_sources", {{"reason", "window_in_future"}}), 1);
  SetClockOff(0);
  ASSERT_TRUE(AwaitDeferred(0)) << collector_->Stderr();
  ExpectBooksAreWhole();
}

TEST_F(DeferralTest, ACollectorThatIsAheadIsDeferredUntilTheTimeHasCome) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's programs take no preloaded clock";
  StartDaemon();
  StartCollector(ClockOff(8 * kNanosPerSecond));
  ASSERT_TRUE(AwaitDeferred()) << collector_->Stderr();
  EXPECT_TRUE(AwaitSaid("window_in_future")) << collector_->Stderr();
  // Its clock is right again, so that the time which was reported has to come first.
  SetClockOff(0);
  ASSERT_TRUE(AwaitDeferred(0)) << collector_->Stderr();
  ExpectBooksAreWhole();
}

}  // namespace
}  // namespace fleetmeter::e2e
