#include "daemon/ctl/plan_changes.h"

#include <string>
#include <utility>
#include <vector>

#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/plan_diff_output.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

using testing::ElementsAre;

Pool SomePool(const std::string& name, double h100e) {
  Pool pool;
  pool.name = name;
  pool.owner = "Owner";
  pool.contact = "#it";
  pool.teams = {"team"};
  pool.allocated_h100e = h100e;
  return pool;
}

PlanSide SomeSide(const std::string& label, std::vector<Pool> pools) {
  PlanSide side;
  side.label = label;
  side.plan.name = "plan";
  side.plan.version = 1;
  side.plan.supply_h100e = 1'000;
  side.plan.tier_shares = {{Tier::kP2, 0.75}, {Tier::kBuffer, 0.25}};
  side.plan.category_shares = {{Category::kResearch, 0.75}};
  side.plan.pools = std::move(pools);
  return side;
}

TEST(PlanDiff, OfAPlanAndItselfIsNone) {
  const PlanDiff diff =
      Diff(SomeSide("a", {SomePool("lab", 100)}), SomeSide("b", {SomePool("lab", 100)}));
  EXPECT_TRUE(diff.Same());
  EXPECT_EQ(diff.pools[0].Kind(), "same");
}

TEST(PlanDiff, TellsAddedRemovedAndChangedPools) {
  Pool moved = SomePool("moved", 100);
  moved.tier = Tier::kP1;
  moved.policy.lendable_ratio = 0.5;
  const PlanDiff diff =
      Diff(SomeSide("a", {SomePool("gone", 10), SomePool("moved", 100), SomePool("grown", 100)}),
           SomeSide("b", {SomePool("grown", 150), moved, SomePool("new", 20)}));
  EXPECT_FALSE(diff.Same());
  std::vector<std::string> kinds;
  for (const PoolChange& pool : diff.pools) kinds.push_back(pool.name + " " + pool.Kind());
  EXPECT_THAT(kinds, ElementsAre("gone removed", "moved changed", "grown changed", "new added"));
  EXPECT_THAT(diff.pools[1].differs, ElementsAre("tier", "policy"));
}

TEST(PlanDiff, NoticesEachOtherDifference) {
  const auto same_but = [](void (*change)(Pool*)) {
    Pool pool = SomePool("lab", 100);
    change(&pool);
    return Diff(SomeSide("a", {SomePool("lab", 100)}), SomeSide("b", {pool})).pools[0].differs;
  };
  EXPECT_THAT(same_but([](Pool* p) { p->category = Category::kTraining; }),
              ElementsAre("category"));
  EXPECT_THAT(same_but([](Pool* p) { p->owner = "x"; }), ElementsAre("owner"));
  EXPECT_THAT(same_but([](Pool* p) { p->contact = "x"; }), ElementsAre("contact"));
  EXPECT_THAT(same_but([](Pool* p) { p->teams = {"x"}; }), ElementsAre("teams"));
  EXPECT_THAT(same_but([](Pool* p) { p->budget = HoursBudget{.h100e_hours = 1}; }),
              ElementsAre("budgets"));
  EXPECT_THAT(same_but([](Pool* p) { p->team_budgets["team"].h100e_hours = 1; }),
              ElementsAre("budgets"));
  EXPECT_THAT(same_but([](Pool* p) { p->policy.borrowing_limit_h100e = 0; }),
              ElementsAre("policy"));
  PlanSide larger = SomeSide("b", {SomePool("lab", 100)});
  larger.plan.supply_h100e = 2'000;
  EXPECT_FALSE(Diff(SomeSide("a", {SomePool("lab", 100)}), larger).Same());
}

PlanDiff SomeDiff() {
  PlanSide b = SomeSide("b.yaml#s", {SomePool("new", 200)});
  b.plan.tier_shares = {{Tier::kP1, 0.5}, {Tier::kP2, 0.25}, {Tier::kBuffer, 0.25}};
  return Diff(SomeSide("a.yaml", {SomePool("lab", 100)}), std::move(b));
}

TEST(FormatPlanDiff, ShowsTiersCategoriesAndPools) {
  EXPECT_EQ(FormatPlanDiff(SomeDiff(), OutputFormat::kTable),
            "A: a.yaml (plan plan version 1, 1,000.0 H100e)\n"
            "B: b.yaml#s (plan plan version 1, 1,000.0 H100e)\n"
            "\n"
            "TIER        A  OF SUPPLY      B  OF SUPPLY  CHANGE\n"
            "p1          -          -  500.0      50.0%  +500.0\n"
            "p2      750.0      75.0%  250.0      25.0%  -500.0\n"
            "buffer  250.0      25.0%  250.0      25.0%     0.0\n"
            "\n"
            "CATEGORY      A  OF SUPPLY      B  OF SUPPLY  CHANGE\n"
            "research  750.0      75.0%  750.0      75.0%     0.0\n"
            "\n"
            "POOL      A  OF SUPPLY      B  OF SUPPLY  CHANGE  POOL IS  DIFFERENT\n"
            "lab   100.0      10.0%      -          -  -100.0  removed\n"
            "new       -          -  200.0      20.0%  +200.0  added\n"
            "\n"
            "Amounts in H100e.\n");
}

TEST(FormatPlanDiff, TellsNothingFromZeroInJsonAndCsv) {
  const Json json = Json::parse(FormatPlanDiff(SomeDiff(), OutputFormat::kJson));
  EXPECT_EQ(json.at("same"), false);
  EXPECT_EQ(json.at("outcome"), nullptr);
  EXPECT_EQ(json.at("tiers")[0].at("a_h100e"), nullptr);
  EXPECT_EQ(json.at("tiers")[0].at("change_h100e"), 500.0);
  EXPECT_EQ(json.at("pools")[0].at("change"), "removed");
  EXPECT_EQ(FormatPlanDiff(SomeDiff(), OutputFormat::kCsv),
            "kind,name,a_h100e,a_share_ratio,b_h100e,b_share_ratio,change_h100e,change,differs,"
            "a_value,b_value\n"
            "tier,p1,,,500,0.5,500,,,,\n"
            "tier,p2,750,0.75,250,0.25,-500,,,,\n"
            "tier,buffer,250,0.25,250,0.25,0,,,,\n"
            "category,research,750,0.75,750,0.75,0,,,,\n"
            "pool,lab,100,0.1,,,-100,removed,,,\n"
            "pool,new,,,200,0.2,200,added,,,\n");
}

TEST(FormatPlanDiff, ComparesWhatScenariosAreGoodFor) {
  PlanSide a = SomeSide("a", {});
  PlanSide b = SomeSide("b", {});
  a.outcome = framework::Outcome{};
  b.outcome = framework::Outcome{};
  b.outcome->serviceable_revenue_usd = 25e9;
  b.outcome->training_ratio = 0.75;
  const PlanDiff diff = Diff(a, b);
  const std::string table = FormatPlanDiff(diff, OutputFormat::kTable);
  EXPECT_THAT(table, testing::HasSubstr("serviceable revenue            $0  $25,000,000,000\n"));
  EXPECT_THAT(table, testing::HasSubstr("of the baseline's training      -              75%\n"));
  const Json json = Json::parse(FormatPlanDiff(diff, OutputFormat::kJson)).at("outcome");
  EXPECT_EQ(json.at("b_serviceable_revenue_usd"), 25e9);
  EXPECT_EQ(json.at("a_training_ratio"), nullptr);
  EXPECT_THAT(FormatPlanDiff(diff, OutputFormat::kCsv),
              testing::HasSubstr("outcome,training_ratio,,,,,,,,,0.75\n"));
}

}  // namespace
}  // namespace fleetmeter::ctl
