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
  void Start() {
    files_.Write("collector.yaml", "daemon: " + daemon_.ingest_address() +
                                       "\ninterval: 100ms\nmetrics: 127.0.0.1:0\n"
                                       "unattributed: {pool: serving, team: chat}\n" +
                                       kLab);
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

}  // namespace
}  // namespace fleetmeter::e2e
