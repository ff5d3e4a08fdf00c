#include "daemon/config/load_config.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/config_files.h"

namespace fleetmeter {
namespace {

absl::StatusOr<Plan> Load(std::string_view text) {
  const TempFolder folder;
  const auto catalog = LoadCatalog(folder.Write("c.yaml", kCatalogYaml));
  if (!catalog.ok()) return catalog.status();
  return LoadPlan(folder.Write("p.yaml", text), *catalog);
}

TEST(LoadPlan, ReadsAPlanWithItsPools) {
  const auto plan = Load(R"(plan: spring
version: 4
scenario: "Revenue grows to $25B"
effective_from: 2026-03-01T00:00:00Z
supply: [{chip: h100, chips: 1000}]
tiers: {p0: 10%, p1: 0.2, p2: 55%, buffer: 15%}
categories: {inference: 28%, training: 18%, research: 29%, safety: 0.1}
pools:
  - name: evals/red-team
    category: safety
    tier: p0
    owner: "S\u00e9curit\u00e9"
    contact: "#safety"
    teams: [evals, red-team]
    allocation: {share: 10%}
    policy: {lendable: 50%, borrowing_limit_h100e: 100.5}
  - name: serving
    category: inference
    tier: p1
    owner: Serving
    contact: serving@example.com
    teams: [api]
    allocation: {h100e: 200}
)");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->name, "spring");
  EXPECT_EQ(plan->version, 4u);
  EXPECT_EQ(plan->scenario, "Revenue grows to $25B");
  EXPECT_EQ(plan->effective_from_unix_nanos, 1'772'323'200'000'000'000);
  EXPECT_EQ(plan->supply_h100e, 1'000);
  EXPECT_EQ(plan->tier_shares.at(Tier::kP1), 0.2);
  EXPECT_EQ(plan->category_shares.at(Category::kTraining), 0.18);
  ASSERT_EQ(plan->pools.size(), 2u);
  const Pool& safety = plan->pools[0];
  EXPECT_EQ(safety.name, "evals/red-team");
  EXPECT_EQ(safety.owner, "S\u00e9curit\u00e9");
  EXPECT_EQ(safety.contact, "#safety");
  EXPECT_EQ(safety.category, Category::kSafety);
  EXPECT_EQ(safety.tier, Tier::kP0);
  EXPECT_THAT(safety.teams, testing::ElementsAre("evals", "red-team"));
  EXPECT_DOUBLE_EQ(safety.allocated_h100e, 100);
  EXPECT_EQ(safety.policy.lendable_ratio, 0.5);
  EXPECT_EQ(safety.policy.borrowing_limit_h100e, 100.5);
  EXPECT_EQ(plan->pools[1].allocated_h100e, 200);
  EXPECT_EQ(plan->pools[1].policy.lendable_ratio, 0);
  EXPECT_EQ(plan->pools[1].policy.borrowing_limit_h100e, std::nullopt);
}

TEST(LoadPlan, PutsEveryBrokenRuleOnItsLine) {
  std::string text(kPlanYaml);
  text.replace(text.find("share: 80%"), 10, "share: 90%");
  const auto plan = Load(text);
  const std::string error(plan.status().message());
  EXPECT_THAT(error,
              testing::HasSubstr("p.yaml:7: tiers.p2: grants 80% of 1000 H100e, but its pools "
                                 "are allocated 900; expected at most 800"));
  EXPECT_THAT(error, testing::HasSubstr("p.yaml:8: categories.research: grants 80%"));
}

}  // namespace
}  // namespace fleetmeter
