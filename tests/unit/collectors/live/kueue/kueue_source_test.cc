// The type `kueue`: from a configuration over a real connection to demand, quotas and `try`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "collectors/config/collector_config.h"
#include "collectors/live/live_group.h"
#include "collectors/try/round_output.h"
#include "tests/support/canned_server.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kText[] = "Content-Type: text/plain; version=0.0.4\r\n";
constexpr char kPage[] = R"(
kueue_pending_workloads{cluster_queue="train",status="active"} 3
kueue_cluster_queue_resource_pending{cluster_queue="train",resource="nvidia.com/gpu"} 24
kueue_cluster_queue_nominal_quota{cluster_queue="train",flavor="h100",resource="nvidia.com/gpu"} 64
kueue_cluster_queue_nominal_quota{cluster_queue="train-2",flavor="h100",resource="nvidia.com/gpu"} 8
kueue_cluster_queue_resource_usage{cluster_queue="train",flavor="h100",resource="nvidia.com/gpu"} 56
kueue_cluster_queue_nominal_quota{cluster_queue="lab",flavor="odd",resource="nvidia.com/gpu"} 4
)";

absl::StatusOr<CollectorConfig> ConfigOfKueue(const std::string& url,
                                              const std::string& more = "") {
  return ReadCollectorConfig("collector.yaml", R"(sources:
  - type: kueue
    name: queues
    attribution:
      version: 1
      unmatched: unattributed
      rules:
        - {match: {cluster_queue: {glob: [train*]}}, pool: training, team: ml}
)" + ("    url: " + url + "\n") + more,
                             AllSourceTypes());
}

class KueueSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto config = ConfigOfKueue(server_.UrlOf("/metrics"), "    scheduler: kueue/cluster-1\n");
    ASSERT_TRUE(config.ok()) << config.status();
    group_ = std::make_unique<LiveGroup>(std::move(config->live), std::move(config->members),
                                         clock_, health_);
  }

  CannedServer server_{{{"/metrics", Canned(kPage, kText)}}};
  const SystemClock clock_;
  const std::shared_ptr<SourceHealth> health_ = std::make_shared<SourceHealth>();
  std::unique_ptr<LiveGroup> group_;
};

TEST_F(KueueSourceTest, WhatWaitsIsDemandOfThePoolsThatHaveQueues) {
  const LiveRound round = group_->Look();
  ASSERT_THAT(round.demand, SizeIs(1)) << round.sources.at(0).second;
  const SchedulerDemand& demand = round.demand[0];
  EXPECT_EQ(demand.scheduler, "kueue/cluster-1");
  EXPECT_THAT(demand.pools, ElementsAre("training", "unattributed"));
  ASSERT_THAT(demand.waiting, SizeIs(1));
  EXPECT_EQ(demand.waiting[0].kind, "h100");
  EXPECT_EQ(demand.waiting[0].holder.assignment->pool, "training");
}

TEST_F(KueueSourceTest, ReportsDemandWithoutAnyChip) {
  std::vector<v1::UsageReport> reports;
  Window window;
  window.start_unix_nanos = 1'800'000'000LL * kNanosPerSecond;
  window.length_nanos = window.duration_nanos = kNanosPerSecond;
  ASSERT_TRUE(group_->Sample(window, reports).ok());
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].groups_size(), 0);
  ASSERT_EQ(reports[0].demand_size(), 1);
  const v1::Waiting& waiting = reports[0].demand(0).waiting(0);
  EXPECT_EQ(waiting.micro_chips(), 24'000'000);
  EXPECT_EQ(waiting.requests(), 3);
  EXPECT_FALSE(waiting.has_oldest_wait_seconds());
}

TEST_F(KueueSourceTest, AddsQuotasUpByPoolAndForgetsThemWithAnError) {
  const LiveRound round = group_->Look();
  ASSERT_THAT(round.quotas, SizeIs(2));
  EXPECT_EQ(round.quotas[0].pool, "training");
  EXPECT_EQ(round.quotas[0].chip, "h100");
  EXPECT_EQ(round.quotas[0].nominal, 72 * kOne);
  EXPECT_EQ(round.quotas[0].admitted, 56 * kOne);
  EXPECT_EQ(round.quotas[0].reserved, std::nullopt);
  EXPECT_EQ(round.quotas[1].pool, "unattributed");
  EXPECT_EQ(round.quotas[1].chip, "odd");
  EXPECT_THAT(
      RoundAsTable(round),
      HasSubstr("queues: the pool training has a quota of 72 chips of h100, 56 admitted\n"));
  const auto object = nlohmann::json::parse(RoundAsJson(round));
  EXPECT_EQ(object["quotas"][0]["nominal_chips"], 72);
  EXPECT_FALSE(object["quotas"][0].contains("reserved_chips"));
  EXPECT_THAT(health_->stats().at(0).quotas, SizeIs(2));
  server_.Set("/metrics", Canned("", kText, "503 Service Unavailable"));
  EXPECT_THAT(group_->Look().quotas, IsEmpty());
  EXPECT_THAT(health_->stats().at(0).quotas, IsEmpty());
}

TEST(KueueType, RefusesWhatItDoesNotKnow) {
  const std::string url = "http://127.0.0.1:1/metrics";
  EXPECT_TRUE(ConfigOfKueue(url, "    chips: [{resource: nvidia.com/gpu, chip: h100}]\n").ok());
  for (const char* more :
       {"    chips: [{flavor: h100}]\n", "    chips: [{resource: a, parts: 0}]\n",
        "    chips: [{resource: a, kind: h100}]\n", "    queue: a\n"}) {
    EXPECT_EQ(ConfigOfKueue(url, more).status().code(), absl::StatusCode::kInvalidArgument) << more;
  }
}

}  // namespace
}  // namespace fleetmeter::collector
