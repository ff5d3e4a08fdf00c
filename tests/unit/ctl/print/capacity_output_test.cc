// What is printed of the use of grants, of budgets and of lending.
#include <string>

#include "daemon/ctl/print/grants_output.h"
#include "daemon/ctl/print/results_output.h"
#include "gmock/gmock.h"
#include "tests/unit/ctl/print/capacity_requests.h"

namespace fleetmeter::ctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(GrantsOutputTest, DoesNotCallUntoldUseUnused) {
  v1::ListGrantsResponse response;
  v1::UsedGrant& untold = *response.add_grants();
  *untold.mutable_request() = GrantedRequest();
  untold.set_untold_seconds(2 * kAnHour);
  untold.set_untold_h100e_hours(9);
  const std::string text = FormatGrants(response, OutputFormat::kTable, 0);
  EXPECT_THAT(text, testing::ContainsRegex("8 of 16 b200 +- +- +- +- +0\\.0\n"));
  EXPECT_THAT(text, HasSubstr("The books do not tell 2.0 hours of these grants, 9.0 H100e-hours"));
  EXPECT_THAT(FormatGrants(response, OutputFormat::kJson, 0),
              AllOf(HasSubstr("\"used_chip_nanos\": null"), HasSubstr("\"used_h100e_hours\": null"),
                    HasSubstr("\"unused_h100e_hours\": null"),
                    HasSubstr("\"peak_micro_chips\": null"), HasSubstr("\"told_seconds\": 0")));
}

TEST(GrantsOutputTest, ShowsUseAndWhatWasUnderNoGrant) {
  v1::ListGrantsResponse response;
  v1::UsedGrant& used = *response.add_grants();
  *used.mutable_request() = GrantedRequest();
  used.set_used_ratio(0.5);
  used.set_utilization_ratio(0.75);
  used.set_unused_h100e_hours(12);
  used.set_peak_micro_chips(6'500'000);
  used.set_told_seconds(kAnHour);
  v1::UnderNoGrant& beyond = *response.add_beyond();
  beyond.set_pool("p");
  beyond.set_team(kHostile);
  beyond.set_chip_nanos("7200000000000");
  const std::string text = FormatGrants(response, OutputFormat::kTable, 0);
  EXPECT_THAT(text, testing::ContainsRegex("50\\.0% +75\\.0% +6\\.5 +12\\.0 +1\\.0\n"));
  EXPECT_THAT(text, HasSubstr("それ \\u202e=1+1 of pool p held 2.0 chip-hours under no grant."));
  EXPECT_LE(WidestLine(GrantsTable(response.grants(), 80, "  ")), 80u);
  EXPECT_LE(WidestLine(FormatGrants(response, OutputFormat::kTable, 80)), 80u);
}

TEST(BudgetsOutputTest, LeavesOutWhatCannotBeProjected) {
  v1::ListBudgetsResponse response;
  v1::CapacityBudget& budget = *response.add_budgets();
  budget.set_pool("p");
  budget.set_h100e_hours(1'000);
  budget.set_used_h100e_hours(250);
  budget.set_left_h100e_hours(750);
  budget.set_to_unix_seconds(kFirstDay);
  budget.set_elapsed_seconds(10 * kAnHour);
  budget.set_told_seconds(4 * kAnHour);
  EXPECT_THAT(FormatBudgets(response, OutputFormat::kTable),
              AllOf(testing::ContainsRegex("p +\\(all\\) +2026-12-01 +1,000 +250 +750 +- +- +-\n"),
                    HasSubstr("The books do not tell 6.0 hours")));
  v1::UntoldTime& untold = *response.mutable_budgets(0)->add_untold();
  untold.set_from_unix_seconds(kFirstDay);
  untold.set_to_unix_seconds(kFirstDay + kAnHour);
  EXPECT_THAT(FormatBudgets(response, OutputFormat::kTable),
              HasSubstr("Nobody told of pool p: 2026-12-01 00:00Z to 2026-12-01 01:00Z.\n"));
  EXPECT_THAT(FormatBudgets({}, OutputFormat::kTable), StartsWith("No pool that we may see has"));
}

TEST(BudgetsOutputTest, OfUntoldTimeNothingIsKnown) {
  v1::ListBudgetsResponse response;
  v1::CapacityBudget& budget = *response.add_budgets();
  budget.set_pool("p");
  budget.set_h100e_hours(1'000);
  budget.set_to_unix_seconds(kFirstDay);
  budget.set_elapsed_seconds(10 * kAnHour);
  EXPECT_THAT(FormatBudgets(response, OutputFormat::kTable),
              testing::ContainsRegex("p +\\(all\\) +2026-12-01 +1,000 +- +- +- +- +-\n"));
  EXPECT_THAT(
      FormatBudgets(response, OutputFormat::kJson),
      AllOf(HasSubstr("\"used_h100e_hours\": null"), HasSubstr("\"left_h100e_hours\": null")));
  budget.set_used_h100e_hours(0);
  budget.set_left_h100e_hours(1'000);
  budget.set_elapsed_seconds(0);
  EXPECT_THAT(FormatBudgets(response, OutputFormat::kTable),
              testing::ContainsRegex("p +\\(all\\) +2026-12-01 +1,000 +0 +1,000 +- +- +-\n"))
      << "its time has not begun";
}

TEST(LendingOutputTest, OfUntoldTimeItIsNotKnown) {
  v1::GetLendingResponse response;
  response.set_untold_seconds(kAnHour);
  EXPECT_THAT(FormatLending(response, OutputFormat::kTable),
              StartsWith("Who held more than was allocated is not known.\n"));
  response.set_told_seconds(kAnHour);
  EXPECT_THAT(FormatLending(response, OutputFormat::kTable),
              StartsWith("Nobody held more than was allocated.\n"));
}

TEST(LendingOutputTest, NamesPoolsThatWereSilent) {
  v1::GetLendingResponse response;
  response.set_told_seconds(kAnHour);
  v1::UntoldPool& pool = *response.add_untold_pools();
  pool.set_pool("quiet");
  pool.set_h100e_hours(12.5);
  EXPECT_THAT(FormatLending(response, OutputFormat::kTable),
              AllOf(StartsWith("Nobody held more than was allocated, as far as it is told.\n"),
                    HasSubstr("quiet (12.5\nH100e-hours)")));
  v1::LentCapacity& lent = *response.add_lent();
  lent.set_borrower("a");
  lent.set_lender_is_untold(true);
  EXPECT_THAT(FormatLending(response, OutputFormat::kTable),
              testing::ContainsRegex("a +\\(not told\\)"));
}

TEST(LendingOutputTest, ShowsWhoLentAndWhoWaits) {
  v1::GetLendingResponse response;
  v1::LentCapacity& lent = *response.add_lent();
  lent.set_borrower("a");
  lent.set_start_unix_seconds(kFirstDay);
  lent.set_h100e_hours(12.5);
  v1::StarvedPool& starved = *response.add_starved();
  starved.set_pool("b");
  starved.set_waiting_h100e(8);
  starved.set_borrower("a");
  starved.set_borrowed_h100e(4);
  response.set_told_seconds(9 * kAnHour);
  response.set_untold_seconds(kAnHour);
  response.set_from_unix_seconds(kFirstDay);
  response.set_to_unix_seconds(kFirstDay + 10 * kAnHour);
  for (int i = 0; i < 7; ++i) {
    v1::UntoldTime& untold = *response.add_untold();
    untold.set_from_unix_seconds(kFirstDay + 2 * i * kAnHour);
    untold.set_to_unix_seconds(kFirstDay + (2 * i + 1) * kAnHour);
  }
  EXPECT_THAT(FormatLending(response, OutputFormat::kTable),
              AllOf(testing::ContainsRegex("a +\\(beyond the plan\\) +12.5 +-\n"),
                    HasSubstr("What was lent from 2026-12-01 00:00Z until 2026-12-01 10:00Z, "),
                    HasSubstr("The books do not tell 1.0 of 10.0 hours."),
                    HasSubstr("Nobody told: 2026-12-01 00:00Z to 2026-12-01 01:00Z, "),
                    HasSubstr(" and 2 more.\n"),
                    HasSubstr("8.0 H100e wait in pool b while pool a holds 4.0 H100e beyond its "
                              "allocation.\n")));
}

}  // namespace
}  // namespace fleetmeter::ctl
