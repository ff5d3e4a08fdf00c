#include "daemon/ctl/print/plan_output.h"

#include "daemon/ctl/print/message_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {
namespace {

v1::GetPlanResponse SomePlan() {
  v1::GetPlanResponse response;
  *response.mutable_basis() = SomeBasis();
  response.set_supply_h100e(1'000);
  v1::Share& tier = *response.add_tiers();
  tier.set_name("p2");
  tier.set_share_ratio(0.75);
  tier.set_h100e(750);
  *response.add_categories() = tier;
  response.mutable_categories(0)->set_name("research");
  v1::PlannedPool& pool = *response.add_pools();
  pool.set_pool("batch");
  pool.set_category("research");
  pool.set_tier("p2");
  pool.set_owner("Batch Platform");
  pool.set_contact("#batch");
  pool.add_teams("jobs");
  pool.add_teams("failed");
  pool.set_allocated_h100e(100);
  pool.set_lendable_ratio(0.5);
  *response.add_pools() = pool;
  response.mutable_pools(1)->set_pool("other");
  response.mutable_pools(1)->set_borrowing_limit_h100e(0);
  return response;
}

TEST(FormatPlan, ShowsTiersCategoriesAndPools) {
  EXPECT_EQ(FormatPlan(SomePlan(), OutputFormat::kTable, /*width=*/0),
            "plan openb version 3 (replay), catalog version 2, 2026-01-02 03:04:05Z\n"
            "supply 1,000.0 H100e\n"
            "\n"
            "TIER  SHARE  H100E\n"
            "p2    75.0%  750.0\n"
            "\n"
            "CATEGORY  SHARE  H100E\n"
            "research  75.0%  750.0\n"
            "\n"
            "POOL   CATEGORY  TIER  OWNER           CONTACT  ALLOCATED  LENDABLE  BORROWS UP TO  "
            "TEAMS\n"
            "batch  research  p2    Batch Platform  #batch       100.0     50.0%       no limit  "
            "jobs, failed\n"
            "other  research  p2    Batch Platform  #batch       100.0     50.0%            0.0  "
            "jobs, failed\n");
}

TEST(FormatPlan, LeavesOutWhatMattersLeastWhereRoomIsScarce) {
  const std::string text = FormatPlan(SomePlan(), OutputFormat::kTable);
  EXPECT_THAT(text,
              testing::AllOf(testing::HasSubstr("POOL   CATEGORY  TIER  OWNER           ALLOCATED  "
                                                "LENDABLE  BORROWS UP TO\n"),
                             testing::EndsWith("\n\n2 columns left out; --wide shows all.\n")));
  EXPECT_THAT(FormatPlan(SomePlan(), OutputFormat::kTable, 40),
              testing::HasSubstr("\nPOOL   CATEGORY  TIER  ALLOCATED\n"));
}

TEST(FormatPlan, TellsNoLimitFromALimitOfZero) {
  const Json json = Json::parse(FormatPlan(SomePlan(), OutputFormat::kJson));
  EXPECT_EQ(json.at("pools")[0].at("borrowing_limit_h100e"), nullptr);
  EXPECT_EQ(json.at("pools")[1].at("borrowing_limit_h100e"), 0.0);
  EXPECT_EQ(json.at("pools")[0].at("teams"), Json({"jobs", "failed"}));
  EXPECT_EQ(json.at("tiers")[0].at("share_ratio"), 0.75);
}

TEST(FormatPlan, GivesOneCsvRecordForEachPart) {
  EXPECT_EQ(FormatPlan(SomePlan(), OutputFormat::kCsv),
            "kind,name,category,tier,owner,contact,teams,share_ratio,h100e,lendable_ratio,"
            "borrowing_limit_h100e,budget_h100e_hours,budget_per,budget_from_unix_seconds,"
            "budget_to_unix_seconds\n"
            "tier,p2,,,,,,0.75,750,,,,,,\n"
            "category,research,,,,,,0.75,750,,,,,,\n"
            "pool,batch,research,p2,Batch Platform,#batch,jobs failed,,100,0.5,,,,,\n"
            "pool,other,research,p2,Batch Platform,#batch,jobs failed,,100,0.5,0,,,,\n");
}

v1::GetPlanResponse PlanWithBudgets() {
  v1::GetPlanResponse response = SomePlan();
  v1::PlannedBudget& of_pool = *response.mutable_pools(0)->mutable_budget();
  of_pool.set_h100e_hours(200'000);
  of_pool.set_per("quarter");
  v1::PlannedBudget& of_team = *response.mutable_pools(0)->add_team_budgets();
  of_team.set_team("jobs");
  of_team.set_h100e_hours(1'500.5);
  of_team.set_per("term");
  of_team.set_from_unix_seconds(1'767'225'600);
  of_team.set_to_unix_seconds(1'768'435'200);
  return response;
}

TEST(FormatPlan, ShowsBudgetsWhereThereAreAny) {
  const std::string text = FormatPlan(PlanWithBudgets(), OutputFormat::kTable);
  EXPECT_TRUE(
      text.ends_with("\n"
                     "POOL   TEAM  BUDGET H100E-H  FOR\n"
                     "batch  all        200,000.0  each quarter\n"
                     "batch  jobs         1,500.5  2026-01-01 00:00:00Z to 2026-01-15 00:00:00Z\n"))
      << text;
  const Json json = Json::parse(FormatPlan(PlanWithBudgets(), OutputFormat::kJson));
  EXPECT_EQ(json.at("pools")[0].at("budget").at("h100e_hours"), 200'000);
  EXPECT_EQ(json.at("pools")[1].at("budget"), nullptr);
}

TEST(FormatPlan, GivesACsvRecordForEachBudget) {
  const std::string text = FormatPlan(PlanWithBudgets(), OutputFormat::kCsv);
  EXPECT_TRUE(
      text.ends_with("budget,batch,,,,,,,,,,200000,quarter,,\n"
                     "budget,batch,,,,,jobs,,,,,1500.5,term,1767225600,1768435200\n"))
      << text;
}

}  // namespace
}  // namespace fleetmeter::ctl
