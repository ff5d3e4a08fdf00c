#include "daemon/config/load_config.h"
#include "daemon/domain/framework/compile.h"
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

// What a small team needs to say.
constexpr char kSmall[] = R"(plan: small
version: 1
scenario: two teams
effective_from: 2026-01-01
supply: [{chip: h100, chips: 24}]
pools:
  - name: serving
    category: inference
    owner: Serving
    contact: "#serving"
    teams: [api]
    allocation: {chips: 8}
  - name: lab
    owner: Lab
    contact: "#lab"
    teams: [lab]
    allocation: {share: 1/3}
)";

TEST(LoadPlan, NeedsNoTiersAndNoCategories) {
  const auto plan = Load(kSmall);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->pools[0].category, Category::kInference);
  EXPECT_EQ(plan->pools[0].tier, Tier::kP2);
  EXPECT_EQ(plan->pools[0].allocated_h100e, 8);
  EXPECT_EQ(plan->pools[1].category, Category::kResearch);
  EXPECT_DOUBLE_EQ(plan->pools[1].allocated_h100e, 8);
  // What the pools are allocated; the rest is nobody's.
  EXPECT_DOUBLE_EQ(plan->category_shares.at(Category::kInference), 1.0 / 3);
  EXPECT_DOUBLE_EQ(plan->category_shares.at(Category::kResearch), 1.0 / 3);
  EXPECT_DOUBLE_EQ(plan->tier_shares.at(Tier::kP2), 2.0 / 3);
  EXPECT_FALSE(plan->tier_shares.contains(Tier::kBuffer));
}

TEST(LoadPlan, ReadsBudgetsOfPoolsAndTeams) {
  std::string text(kSmall);
  text.replace(text.find("    allocation: {chips: 8}"), 26,
               "    allocation: {chips: 8}\n"
               "    budget: {h100e_hours: 17.5K, per: quarter}\n"
               "    team_budgets:\n"
               "      api: {h100e_hours: 100, from: 2026-01-01, to: 2026-01-15T06:00:00Z}\n");
  const auto plan = Load(text);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->pools[0].budget, (HoursBudget{17'500, HoursBudget::Per::kQuarter, 0, 0}));
  const std::map<std::string, HoursBudget> expected = {
      {"api",
       {100, HoursBudget::Per::kTerm, 1'767'225'600'000'000'000, 1'768'456'800'000'000'000}}};
  EXPECT_EQ(plan->pools[0].team_budgets, expected);
  EXPECT_EQ(plan->pools[1].budget, std::nullopt);
}

TEST(LoadPlan, ReadsTheBudgetsThatPlanYamlWrites) {
  PlanDocument document;
  document.name = "written";
  document.version = 1;
  document.scenario = "s";
  document.supply = {{"h100", 24}};
  document.has_tiers = document.has_categories = false;
  PoolDocument& pool = document.pools.emplace_back();
  pool.name = "lab";
  pool.owner = pool.contact = "Lab";
  pool.teams = {"null", "b"};
  pool.allocation = ChipAllocation{.chips = 8, .chip = ""};
  pool.budget = HoursBudget{1'234.5, HoursBudget::Per::kMonth, 0, 0};
  pool.team_budgets["null"] = {0.1, HoursBudget::Per::kTerm, 0, 3'600'000'000'000};
  const auto plan = Load(framework::PlanYaml(document));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->pools[0].budget, pool.budget);
  EXPECT_EQ(plan->pools[0].team_budgets, pool.team_budgets);
}

TEST(LoadPlan, SaysWhatIsWrongWithABudget) {
  const auto error = [](const std::string& budget) {
    std::string text(kSmall);
    text.replace(text.find("    allocation: {chips: 8}"), 26,
                 "    allocation: {chips: 8}\n    budget: " + budget);
    return std::string(Load(text).status().message());
  };
  EXPECT_THAT(error("{h100e_hours: 10}"),
              testing::HasSubstr("p.yaml:13: pools[0].budget: does not say for which time; "
                                 "expected either per: quarter or month, or from and to"));
  EXPECT_THAT(error("{h100e_hours: 10, per: month, to: 2026-02-01}"),
              testing::HasSubstr("does not say for which time"));
  EXPECT_THAT(error("{h100e_hours: 10, from: 2026-02-01}"),
              testing::HasSubstr("does not say for which time"));
  EXPECT_THAT(error("{h100e_hours: 10, per: year}"),
              testing::HasSubstr("pools[0].budget.per: is \"year\"; expected one of month, "
                                 "quarter"));
  EXPECT_THAT(error("{per: month}"), testing::HasSubstr("pools[0].budget.h100e_hours: is missing"));
  EXPECT_THAT(error("{h100e_hours: 0, per: month}"),
              testing::HasSubstr(
                  "p.yaml:13: pools[0].budget.h100e_hours: is 0; expected at least 0.000001"));
  EXPECT_THAT(error("{h100e_hours: 1, from: 2026-02-01, to: 2026-01-01}"),
              testing::HasSubstr("pools[0].budget.to: is not after from"));
  EXPECT_THAT(error("{h100e_hours: 1, per: month, pool: x}"), testing::HasSubstr("unknown key"));
}

TEST(LoadPlan, WithoutTiersAndCategoriesAllocatesNoMoreThanTheSupply) {
  std::string text(kSmall);
  text.replace(text.find("{chips: 8}"), 10, "{chips: 17}");
  EXPECT_THAT(std::string(Load(text).status().message()),
              testing::HasSubstr("p.yaml:6: pools: are allocated 25 H100e; expected at most 24, "
                                 "the supply"));
}

TEST(LoadPlan, WithATierSectionEveryPoolSaysItsTier) {
  const std::string error(
      Load(std::string(kSmall) + "tiers: {p2: 85%, buffer: 15%}\n").status().message());
  EXPECT_THAT(error, testing::HasSubstr("pools[0].tier: is missing"));
  EXPECT_THAT(error, testing::HasSubstr("pools[1].tier: is missing"));
  EXPECT_THAT(error, testing::Not(testing::HasSubstr("category")));
}

TEST(LoadPlan, SaysWhichChipsMayBeAllocated) {
  const auto error = [](const std::string& allocation) {
    std::string text(kSmall);
    text.replace(text.find("{chips: 8}"), 10, allocation);
    return std::string(Load(text).status().message());
  };
  EXPECT_EQ(error("{chips: 8, chip: h100}"), "");
  EXPECT_THAT(error("{chips: 8, chip: b200}"),
              testing::HasSubstr("p.yaml:12: pools[0].allocation.chip: \"b200\" is not in the "
                                 "plan's supply; expected one of h100"));
  EXPECT_THAT(error("{chips: -1}"), testing::HasSubstr("pools[0].allocation.chips: is -1"));
  EXPECT_THAT(error("{share: 10%, chip: h100}"),
              testing::HasSubstr("pools[0].allocation.chip: names a kind of chip; expected it only "
                                 "beside chips"));
  EXPECT_THAT(error("{share: 10%, chips: 3}"), testing::HasSubstr("has several of h100e, share"));
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
