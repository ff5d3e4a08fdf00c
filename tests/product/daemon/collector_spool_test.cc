// The real collector with a spool: killed, restarted, without a daemon, and what it says of itself.
#include <csignal>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/metric_promises.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr char kFleet[] =
    R"(time_seconds,host,chip,chips,state,pool,team,workload,signal,activity,productive
0,node-1,h100,2,assigned,serving,chat,chat-large,gr_engine_active,0.75,
0,node-2,a100,4,assigned,training,pretrain,run-7,gr_engine_active,0.5,0.5
)";

class CollectorSpoolTest : public testing::Test {
 protected:
  // The fleet as it stands at its beginning, for ever; its metrics are served once it is there.
  std::unique_ptr<ChildProcess> Start(const std::string& daemon,
                                      const std::string& fleet = kFleet) {
    files_.Write("fleet.csv", fleet);
    const std::vector<std::string> argv = {BinaryPath("collectors/fleetmeter-collector"),
                                           "--daemon=" + daemon,
                                           "--interval=0.05",
                                           "--drain=0.2",
                                           "--metrics=" + listen_,
                                           "--spool=" + files_.PathOf("spool"),
                                           "--deferred-hours=" + deferred_hours_,
                                           "replay-csv",
                                           "--file=" + files_.PathOf("fleet.csv"),
                                           "--hold"};
    auto process = ChildProcess::Start(argv);
    if (!process.ok()) throw std::runtime_error(process.status().ToString());
    const std::optional<std::string> line = (*process)->ReadLine(30s);
    metrics_ = line && line->starts_with("metrics ") ? line->substr(8) : "";
    return *std::move(process);
  }

  Scrape ScrapeCollector() const {
    const auto reply = HttpRequest(metrics_, "GET", "/metrics");
    return Scrape(reply ? reply->body : "");
  }
  double Value(const std::string& name) const {
    return ScrapeCollector().Value("fleetmeter_collector_" + name).value_or(-1);
  }

  static std::string FreeAddress() {
    Daemon daemon;
    return daemon.ingest_address();
  }

  TempFolder files_;
  std::string listen_ = "127.0.0.1:0";
  std::string metrics_;  // where it listens
  std::string deferred_hours_ = "168";
};

TEST_F(CollectorSpoolTest, WhatAKilledCollectorMeasuredIsDeliveredOnce) {
  const std::string address = FreeAddress();
  double written = 0;
  for (int i = 0; i < 3; ++i) {
    const auto collector = Start(address);
    ASSERT_NE(metrics_, "") << collector->Stderr();
    ASSERT_TRUE(Eventually([&] { return Value("waiting_reports") >= written + 10; }));
    written = Value("waiting_reports");
    collector->Signal(SIGKILL);
    ASSERT_EQ(collector->Wait(30s), 128 + SIGKILL);
  }
  DaemonSettings settings;
  settings.ingest_address = address;
  Daemon daemon(settings);
  const auto collector = Start(address);
  ASSERT_TRUE(Eventually([&] { return Value("acknowledged_reports_total") >= written; }))
      << collector->Stderr();
  collector->Signal(SIGTERM);
  EXPECT_EQ(collector->Wait(30s), 0) << collector->Stderr();
  const Scrape scrape = daemon.ScrapeMetrics();
  const double accepted =
      scrape.Value("fleetmeter_ingest_reports_total", {{"result", "accepted"}}).value_or(0);
  EXPECT_GE(accepted, written);
  EXPECT_EQ(scrape.Value("fleetmeter_ingest_reports_total"), accepted)
      << "no duplicates and no rejections";
}

TEST_F(CollectorSpoolTest, EndsWellWhenWhatIsLeftIsInTheSpool) {
  const auto collector = Start(FreeAddress());
  ASSERT_TRUE(Eventually([&] { return Value("waiting_reports") >= 2; }));
  collector->Signal(SIGTERM);
  EXPECT_EQ(collector->Wait(30s), 0) << collector->Stderr();
  EXPECT_THAT(collector->Stderr(), HasSubstr("wait for the next start"));
}

// The signal comes as soon as the program has said a word, which is before it waits for signals.
TEST_F(CollectorSpoolTest, AStopThatComesWhileItStartsIsAStopInOrder) {
  const std::string address = FreeAddress();
  for (int i = 0; i < 12; ++i) {
    const auto collector = Start(address);
    collector->Signal(SIGTERM);
    ASSERT_EQ(collector->Wait(30s), 0) << i << ": " << collector->Stderr();
  }
}

TEST_F(CollectorSpoolTest, ASecondProcessOnASpoolIsRefused) {
  const std::string address = FreeAddress();
  const auto one = Start(address);
  ASSERT_NE(metrics_, "");
  const auto two = Start(address);
  EXPECT_EQ(two->Wait(30s), 1);
  EXPECT_THAT(two->Stderr(), HasSubstr("is in use by another process"));
}

TEST_F(CollectorSpoolTest, OnlyLoopbackIsServed) {
  listen_ = "0.0.0.0:0";
  const auto collector = Start(FreeAddress());
  EXPECT_EQ(collector->Wait(30s), 1);
  EXPECT_THAT(collector->Stderr(), HasSubstr("--metrics: "));
}

TEST_F(CollectorSpoolTest, MetricsAreThoseOfTheDocumentation) {
  Daemon daemon;
  deferred_hours_ = "0.0005";
  const auto collector =
      Start(daemon.ingest_address(), Replaced(kFleet, "training,pretrain", "nowhere,pretrain"));
  ASSERT_TRUE(Eventually([&] { return Value("deferred_lost_reports_total") >= 1; }))
      << collector->Stderr();
  const auto promises = ReadPromises([](std::string_view family) {
    return IsCollectorFamily(family) || family.starts_with("process_");
  });
  ASSERT_GT(promises.size(), 20U);
  const Scrape scrape = ScrapeCollector();
  EXPECT_THAT(BrokenPromises(scrape, promises), testing::IsEmpty());
  EXPECT_THAT(FamiliesWithoutSeries(scrape),
              testing::Each(testing::AnyOf(testing::Truly(IsLiveSourceFamily),
                                           "fleetmeter_collector_rejected_reports_total")))
      << "nothing was rejected";
  EXPECT_EQ(Value("connected"), 1);
  EXPECT_EQ(Value("sessions_total"), 1);
  EXPECT_GE(Value("acknowledged_reports_total"), 2);
  EXPECT_EQ(HttpRequest(metrics_, "GET", "/healthz")->body, "ok\n");
  auto promtool = ChildProcess::Start({"promtool", "check", "metrics"});
  if (!promtool.ok()) GTEST_SKIP() << "promtool is not installed";
  EXPECT_TRUE((*promtool)->Write(HttpRequest(metrics_, "GET", "/metrics")->body));
  (*promtool)->CloseStdin();
  EXPECT_EQ((*promtool)->Wait(60s), 0);
  EXPECT_EQ((*promtool)->Stdout() + (*promtool)->Stderr(), "");
}

}  // namespace
}  // namespace fleetmeter::e2e
