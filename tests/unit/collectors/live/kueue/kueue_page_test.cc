#include "collectors/live/kueue/kueue_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string TwoQueues() {
  const char* root = std::getenv("FLEETMETER_SOURCE_DIR");
  EXPECT_NE(root, nullptr) << "FLEETMETER_SOURCE_DIR is not set";
  std::ifstream file(std::string(root == nullptr ? "." : root) +
                     "/tests/data/kueue/two_queues.prom");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty());
  return text.str();
}

std::string WithText(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

Observation SeenOfKueue(std::string_view page, const KueueOptions& options = {}) {
  auto seen = ReadKueuePage(page, false, options);
  EXPECT_TRUE(seen.ok()) << seen.status();
  return seen.ok() ? *std::move(seen) : Observation();
}

// "train h100 64 64 56": queue, model, nominal, reserved and admitted chips, "-" for nothing.
std::vector<std::string> QuotasOf(const Observation& seen) {
  std::vector<std::string> all;
  for (const QuotaReading& quota : seen.quotas) {
    std::string text = std::string(quota.holder.attributes.Texts("cluster_queue").front()) + " " +
                       quota.model + quota.kind;
    for (const auto& amount : {quota.nominal, quota.reserved, quota.admitted}) {
      text += amount ? " " + std::to_string(*amount / kOne) : " -";
    }
    all.push_back(text);
  }
  return all;
}

TEST(KueuePage, TellsWhatWaitsInChips) {
  const Observation seen = SeenOfKueue(TwoQueues());
  EXPECT_TRUE(seen.tells_demand);
  ASSERT_THAT(seen.demand, SizeIs(1));
  const DemandReading& demand = seen.demand[0];
  EXPECT_EQ(demand.chips, 24);
  EXPECT_EQ(demand.requests, 3);
  EXPECT_EQ(demand.model, "h100");
  EXPECT_EQ(demand.reason, "active");
  EXPECT_EQ(demand.holder.name, "cluster queue train");
  EXPECT_EQ(demand.holder.attributes.Texts("cohort").front(), "all");
  EXPECT_EQ(demand.holder.attributes.Texts("flavor").front(), "h100");
  // Kueue tells how long admitted workloads had waited, and not how long others have been waiting.
  EXPECT_EQ(demand.waits_since_unix_nanos, 0);
  EXPECT_THAT(seen.hosts, IsEmpty());
  EXPECT_EQ(seen.counts.bad_lines, 0);
}

TEST(KueuePage, TellsTheQuotaOfEachQueueAndFlavor) {
  EXPECT_THAT(QuotasOf(SeenOfKueue(TwoQueues())),
              ElementsAre("serve h100 32 - -", "serve l40s 16 - -", "train h100 64 64 56"));
}

TEST(KueuePage, TheKindIsUnknownWhereAQueueHasSeveral) {
  const std::string page = WithText(
      TwoQueues(),
      "pending{cluster_queue=\"serve\",replica_role=\"leader\",resource=\"nvidia.com/gpu\"} 0",
      "pending{cluster_queue=\"serve\",replica_role=\"leader\",resource=\"nvidia.com/gpu\"} 8");
  const Observation seen = SeenOfKueue(page);
  ASSERT_THAT(seen.demand, SizeIs(2));
  EXPECT_EQ(seen.demand[0].holder.name, "cluster queue serve");
  EXPECT_EQ(seen.demand[0].model, "");
  EXPECT_EQ(seen.demand[0].requests, 1);  // no workload is listed, and yet something waits
  // Flavors that are one kind by the settings are one.
  KueueOptions options;
  options.chips = {{.resource = "nvidia.com/*", .flavor = "*", .kind = "h100", .parts = 0}};
  EXPECT_EQ(SeenOfKueue(page, options).demand.at(0).kind, "h100");
}

TEST(KueuePage, CountsOfWorkloadsAloneAreNoChips) {
  const std::string page =
      "kueue_pending_workloads{cluster_queue=\"train\",status=\"active\"} 3\n"
      "kueue_pending_workloads{cluster_queue=\"train\",status=\"inadmissible\"} 2\n";
  const Observation seen = SeenOfKueue(page);
  EXPECT_FALSE(seen.tells_demand);
  EXPECT_THAT(seen.demand, IsEmpty());
  EXPECT_THAT(seen.remarks, Contains(HasSubstr("5 workloads wait in the cluster queue \"train\"")));
  // That nothing waits is known all the same.
  const Observation empty =
      SeenOfKueue("kueue_pending_workloads{cluster_queue=\"train\",status=\"active\"} 0\n");
  EXPECT_TRUE(empty.tells_demand);
  EXPECT_THAT(empty.demand, IsEmpty());
}

TEST(KueuePage, WorkloadsThatWereTriedInVainAreInadmissible) {
  const std::string page =
      WithText(WithText(TwoQueues(), "status=\"active\"} 3", "status=\"active\"} 0"),
               "cluster_queue=\"train\",replica_role=\"leader\",status=\"inadmissible\"} 0",
               "cluster_queue=\"train\",replica_role=\"leader\",status=\"inadmissible\"} 90");
  const Observation seen = SeenOfKueue(page);
  EXPECT_EQ(seen.demand.at(0).reason, "inadmissible");
  // Some of the 90 want no chips.
  EXPECT_EQ(seen.demand.at(0).requests, 24);
}

TEST(KueuePage, AFollowerSaysNothing) {
  const std::string page = WithText(TwoQueues(), "leader", "follower");
  EXPECT_EQ(ReadKueuePage(page, false, {}).status().code(), absl::StatusCode::kUnavailable);
  const Observation both = SeenOfKueue(TwoQueues() + page);
  EXPECT_EQ(both.demand.at(0).chips, 24);
  EXPECT_EQ(SeenOfKueue(WithText(TwoQueues(), "leader", "standalone")).demand.at(0).chips, 24);
}

TEST(KueuePage, PartsOfChipsAreAddedUpToChips) {
  const std::string page =
      "kueue_cluster_queue_resource_pending{cluster_queue=\"q\",resource=\"nvidia.com/"
      "mig-1g.10gb\"} "
      "15\n"
      "kueue_cluster_queue_nominal_quota{cluster_queue=\"q\",flavor=\"a100\","
      "resource=\"nvidia.com/mig-1g.10gb\"} 14\n"
      "kueue_cluster_queue_resource_pending{cluster_queue=\"q\","
      "resource=\"aws.amazon.com/neuroncore\"} 16\n";
  const Observation seen = SeenOfKueue(page);
  ASSERT_THAT(seen.demand, SizeIs(1));
  EXPECT_EQ(seen.demand[0].chips, 3);
  EXPECT_NEAR(static_cast<double>(seen.quotas.at(0).nominal.value_or(0)), 2e6, 10);
  EXPECT_THAT(seen.remarks, Contains(HasSubstr("neuroncore")));
  KueueOptions options;
  options.chips = {
      {.resource = "aws.amazon.com/neuroncore", .flavor = "*", .kind = "trainium2", .parts = 8}};
  const Observation cores = SeenOfKueue(page, options);
  ASSERT_THAT(cores.demand, SizeIs(2));
  EXPECT_EQ(cores.demand[0].kind, "trainium2");
  EXPECT_EQ(cores.demand[0].chips, 2);
}

TEST(KueuePage, BadValuesAreLeftOutAndCounted) {
  for (const char* value : {"NaN", "+Inf", "-1", "1e30"}) {
    const Observation seen =
        SeenOfKueue(WithText(TwoQueues(), "resource=\"nvidia.com/gpu\"} 64",
                             std::string("resource=\"nvidia.com/gpu\"} ") + value));
    EXPECT_EQ(seen.counts.bad_lines, 2) << value;
    EXPECT_THAT(QuotasOf(seen), Contains("train h100 - - 56")) << value;
  }
}

TEST(KueuePage, APageThatIsNotKueuesIsAnError) {
  for (const char* page : {"", "up 1\n", "<html></html>\n"}) {
    EXPECT_EQ(ReadKueuePage(page, false, {}).status().code(), absl::StatusCode::kInvalidArgument)
        << page;
  }
  const std::string page = TwoQueues();
  EXPECT_EQ(ReadKueuePage(page, true, {}).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace fleetmeter::collector
