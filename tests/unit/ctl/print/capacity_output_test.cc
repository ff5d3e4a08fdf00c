// What is printed of requests for capacity, grants, budgets and lending.
#include <algorithm>
#include <sstream>

#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/grants_output.h"
#include "daemon/ctl/print/ranking_output.h"
#include "daemon/ctl/print/request_check_output.h"
#include "daemon/ctl/print/request_output.h"
#include "daemon/ctl/print/results_output.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/print/timeline_output.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int64_t kFirstDay = 1'796'083'200;  // 2026-12-01
constexpr int64_t kAnHour = 3'600;
constexpr char kHostile[] = "\x1b[2Jgo\x07 それ \u202e=1+1";

v1::CapacityRequest LongRequest() {
  v1::CapacityRequest request;
  v1::CapacityForm& form = *request.mutable_form();
  form.set_request_id("rl-rollouts-2026-12-01-k3f9");
  form.set_pool("research-post-training");
  form.set_team("rl");
  form.set_chip("b200");
  form.set_chips(16);
  form.set_cores(256);
  form.set_start_unix_seconds(kFirstDay + 9 * kAnHour);
  form.set_hours(336);
  form.set_workload("rl-rollouts");
  form.set_workload_type("rl");
  form.set_run("rl-9");
  form.set_nature("company_goal");
  form.set_goal("Flagship 5");
  form.set_beyond_allocation(true);
  form.set_trade_off("Two sweeps wait.\nThey may start in January.");
  v1::Roi& roi = *form.mutable_roi();
  roi.set_gain("revenue");
  roi.set_expected_micro_usd(1'500'000'000'000);
  roi.set_low_micro_usd(800'000'500'000);
  roi.set_high_micro_usd(2'500'000'000'000);
  roi.set_confidence_basis_points(9'000);
  roi.set_expected_by_unix_seconds(1'806'451'200);
  request.set_state("submitted");
  request.set_micro_h100e(48'000'000);
  request.set_micro_h100e_hours(16'128'000'000);
  request.set_catalog_version(1);
  request.set_revision(2);
  request.set_asked_by("spiffe://example.org/team/rl");
  request.set_asked_unix_nanos(kSomeTime);
  return request;
}

v1::CapacityRequest GrantedRequest() {
  v1::CapacityRequest request = LongRequest();
  request.set_state("granted_in_part");
  v1::CapacityGrant& grant = *request.mutable_grant();
  grant.set_chips(8);
  grant.set_micro_h100e(24'000'000);
  grant.set_start_unix_seconds(kFirstDay + 9 * kAnHour);
  grant.set_end_unix_seconds(kFirstDay + 9 * kAnHour + 30 * kAnHour);
  grant.set_decision(2);
  grant.set_identity("spiffe://example.org/committee");
  grant.set_reason("the half that fits");
  grant.set_decided_unix_nanos(kSomeTime);
  return request;
}

size_t WidestLine(const std::string& text) {
  std::istringstream in(text);
  size_t widest = 0;
  for (std::string line; std::getline(in, line);) widest = std::max(widest, DisplayWidth(line));
  return widest;
}

TEST(CapacityTextTest, WritesTimesAndAmounts) {
  EXPECT_EQ(HourText(kFirstDay + 9 * kAnHour), "2026-12-01 09:00Z");
  EXPECT_EQ(HoursText(336), "14 d");
  EXPECT_EQ(HoursText(30), "1 d 6 h");
  EXPECT_EQ(HoursText(6), "6 h");
  EXPECT_EQ(UsdOfMicroUsd(1'500'000'000'000), "$1,500,000");
  EXPECT_EQ(UsdOfMicroUsd(-1'500'000), "-$1.50");
  EXPECT_EQ(ChipsText(GrantedRequest()), "8 of 16 b200");
}

TEST(CapacityTextTest, SaysWhenItFits) {
  v1::CapacityFit fit;
  fit.set_missing_micro_h100e(12'000'000);
  fit.set_fits_micro_h100e(36'000'000);
  EXPECT_EQ(FitText(fit),
            "no: 12.0 H100e are missing, 36.0 fit at the time that is asked for. It fits at no "
            "time within a year.");
  fit.set_from_unix_seconds(kFirstDay);
  fit.set_until_unix_seconds(kFirstDay + 24 * kAnHour);
  v1::DisplacedRequest& displaced = *fit.add_displaces();
  displaced.set_request_id("sweep");
  v1::CapacityLender& lender = *fit.add_lenders();
  lender.set_pool(kHostile);
  lender.set_micro_h100e(24'000'000);
  EXPECT_THAT(FitText(fit),
              AllOf(HasSubstr("It fits from 2026-12-01 00:00Z until 2026-12-02 00:00Z"),
                    HasSubstr("\nIt would take the place of sweep (undecided)."),
                    HasSubstr("could lend: \\x1b[2Jgo\\x07 それ \\u202e=1+1 (24.0 H100e).")));
}

TEST(CapacityTextTest, SaysWhoDecidesAboutWhatIsBeyond) {
  v1::CapacityFit fit;
  fit.set_decided_by("capacity_team");
  fit.set_fits(true);
  fit.add_needs("roi");
  fit.add_needs("trade_off");
  EXPECT_THAT(FitText(fit),
              AllOf(testing::StartsWith("if the capacity team grants it."),
                    HasSubstr("the capacity team decides, between pools. It needs an ROI "
                              "(--roi-...) and the trade-off (--trade-off).")));
  fit.set_decided_by("owner");
  fit.set_fits(false);
  fit.mutable_beyond()->set_fits(true);
  fit.mutable_beyond()->add_displaces()->set_request_id("sweep");
  EXPECT_THAT(FitText(fit),
              AllOf(testing::StartsWith("no: "), HasSubstr("Beyond the allocation it would fit"),
                    HasSubstr("It would take the place of sweep (undecided).")));
  fit.mutable_beyond()->set_fits(false);
  fit.mutable_beyond()->set_missing_micro_h100e(2'000'000);
  EXPECT_THAT(FitText(fit), HasSubstr("it does not fit either: 2.0 H100e are missing."));
}

TEST(CapacityTextTest, GoesOnBelowTheLabel) {
  EXPECT_EQ(LabelledText("note", "one\n\ntwo"), "note       one\n\n           two\n");
  EXPECT_EQ(LabelledText("note", ""), "");
  EXPECT_LE(WidestLine(LabelledText("note", std::string(300, 'a') + " b")), 311u);
}

TEST(RequestOutputTest, TheListFitsInto80Columns) {
  v1::ListCapacityResponse list;
  *list.mutable_basis() = SomeBasis();
  *list.add_requests() = LongRequest();
  *list.add_requests() = GrantedRequest();
  const std::string table = FormatRequests(list, OutputFormat::kTable, 80);
  std::istringstream in(table);
  for (int i = 0; i < 3; ++i) {
    std::string line;
    std::getline(in, line);
    EXPECT_LE(DisplayWidth(line), 80u) << line;
  }
  EXPECT_THAT(table, AllOf(HasSubstr("rl-rollouts-2026-12-01-k3f9"), HasSubstr("granted_in_part"),
                           HasSubstr("8 of 16 b200"), HasSubstr("2 requests."),
                           HasSubstr("left out; --wide shows all.")));
  EXPECT_THAT(FormatRequests(list, OutputFormat::kTable, 0),
              AllOf(HasSubstr("1 d 6 h"), HasSubstr("spiffe://example.org/team/rl"),
                    Not(HasSubstr("left out"))));
}

TEST(RequestOutputTest, AsCsvAndJsonItHasTheNamesOfTheProtocol) {
  v1::ListCapacityResponse list;
  *list.add_requests() = LongRequest();
  *list.add_requests() = GrantedRequest();
  list.mutable_requests(0)->mutable_form()->set_note(kHostile);
  const std::string csv = FormatRequests(list, OutputFormat::kCsv, 0);
  EXPECT_THAT(csv, StartsWith("request_id,pool,team,chip,chips,cores,"));
  EXPECT_THAT(csv, AllOf(HasSubstr(",decision\n"), HasSubstr("\\x1b[2J"), HasSubstr(",24000000,")));
  // As many cells in each row.
  std::istringstream in(csv);
  std::string head;
  std::string row;
  std::getline(in, head);
  std::getline(in, row);
  EXPECT_EQ(std::count(head.begin(), head.end(), ','), std::count(row.begin(), row.end(), ','));
  const json parsed = json::parse(FormatRequests(list, OutputFormat::kJson, 0));
  EXPECT_EQ(parsed.at("requests")[1].at("grant").at("decision"), 2);
  EXPECT_TRUE(parsed.at("requests")[0].at("grant").is_null());
  EXPECT_EQ(parsed.at("requests")[0].at("form").at("note"), kHostile);
}

TEST(RequestOutputTest, ShowsAllOfARequest) {
  v1::GetCapacityResponse response;
  *response.mutable_request() = LongRequest();
  v1::CapacityEvent& event = *response.add_events();
  event.set_action("submit");
  event.set_identity(kHostile);
  event.set_at_unix_nanos(kSomeTime);
  event.set_revision(1);
  *event.mutable_form() = LongRequest().form();
  event.set_micro_h100e(48'000'000);
  response.mutable_rank()->set_place(2);
  response.mutable_rank()->set_why("It comes after incident-evals, which is critical.");
  response.mutable_rank()->set_discounted_micro_usd(720'000'450'000);
  response.mutable_rank()->set_discounted_usd_per_h100e_hour(44.64);
  response.mutable_fit()->set_fits(true);
  const std::string text = FormatRequest(response, OutputFormat::kTable);
  EXPECT_EQ(text,
            "request    rl-rollouts-2026-12-01-k3f9, revision 2\n"
            "state      submitted\n"
            "asked      by spiffe://example.org/team/rl on 2026-01-02 03:04:05Z\n"
            "pool       research-post-training, for team rl\n"
            "chips      16 b200: 48.0 H100e by catalog version 1, 16,128.0 H100e-hours, with\n"
            "           256 cores\n"
            "time       from 2026-12-01 09:00Z for 14 d, until 2026-12-15 09:00Z\n"
            "workload   rl-rollouts (rl), run rl-9\n"
            "nature     company_goal: Flagship 5\n"
            "           It is beyond the allocation of its pool: the capacity team decides.\n"
            "roi        revenue of $1,500,000 by 2027-03-31; with a probability of 90%,\n"
            "           between $800,000.50 and $2,500,000\n"
            "trade-off  Two sweeps wait.\n"
            "           They may start in January.\n"
            "rank       2: It comes after incident-evals, which is critical.\n"
            "           $720,000.45 can be counted on (the low end times its probability),\n"
            "           $44.64 for each H100e-hour.\n"
            "fits       yes. It fits at no time within a year.\n"
            "\n"
            "History:\n"
            "2026-01-02 03:04:05Z, revision 1, \\x1b[2Jgo\\x07 それ \\u202e=1+1:\n"
            "           asks for 16 b200 (48.0 H100e) of pool research-post-training for team\n"
            "           rl, from 2026-12-01 09:00Z for 14 d, until 2026-12-15 09:00Z\n");
}

TEST(RequestOutputTest, ShowsHowItWasDecided) {
  v1::GetCapacityResponse response;
  *response.mutable_request() = GrantedRequest();
  EXPECT_THAT(
      FormatRequest(response, OutputFormat::kTable),
      HasSubstr("granted    8 of 16 b200 (24.0 H100e) from 2026-12-01 09:00Z for 1 d 6 h, "
                "until\n           2026-12-02 15:00Z\n           by "
                "spiffe://example.org/committee on 2026-01-02 03:04:05Z, decision\n           "
                "2: the half that fits\n"));
  *response.mutable_request() = LongRequest();
  response.mutable_request()->set_state("declined");
  response.mutable_request()->set_ended_by("me");
  response.mutable_request()->set_ended_reason("no\x1b[2J");
  response.mutable_request()->set_ended_unix_nanos(kSomeTime);
  EXPECT_THAT(FormatRequest(response, OutputFormat::kTable),
              HasSubstr("declined   by me on 2026-01-02 03:04:05Z: no\\x1b[2J\n"));
}

TEST(RequestOutputTest, TellsWhatWasChanged) {
  v1::ChangeCapacityResponse change;
  *change.add_requests() = GrantedRequest();
  EXPECT_EQ(FormatChange(change, OutputFormat::kTable),
            "rl-rollouts-2026-12-01-k3f9 is granted_in_part: 8 of 16 b200 (24.0 H100e) from\n"
            "2026-12-01 09:00Z for 1 d 6 h, until 2026-12-02 15:00Z\n");
  change.set_nothing_to_do(true);
  EXPECT_THAT(FormatChange(change, OutputFormat::kTable), StartsWith("There is nothing to do"));
  v1::ChangeCapacityResponse order;
  v1::CapacityEvent& event = *order.add_events();
  event.set_action("rank");
  event.set_pool("research");
  event.set_nature("critical");
  event.add_workloads("a");
  event.add_workloads("b");
  EXPECT_EQ(FormatChange(order, OutputFormat::kTable),
            "order of critical work in pool research: a, b\n");
}

TEST(RankingOutputTest, SaysWhyEachStandsWhereItStands) {
  v1::GetRankingResponse ranking;
  v1::RankedCapacity& ranked = *ranking.add_requests();
  *ranked.mutable_request() = LongRequest();
  ranked.set_place(1);
  ranked.set_rule("first");
  ranked.set_why("It is the first by age.");
  EXPECT_THAT(FormatRanking(ranking, OutputFormat::kTable),
              StartsWith("1. rl-rollouts-2026-12-01-k3f9\n"
                         "   company_goal (Flagship 5), workload rl-rollouts of team rl, pool\n"
                         "   research-post-training\n"
                         "   16 b200 (48.0 H100e) from 2026-12-01 09:00Z for 14 d\n"
                         "   It is the first by age.\n"));
  EXPECT_THAT(FormatRanking(ranking, OutputFormat::kCsv),
              StartsWith("request_id,pool,team,workload,chip,state,place,rule,why,"));
  EXPECT_THAT(FormatRanking({}, OutputFormat::kTable), StartsWith("No request waits"));
}

TEST(GrantsOutputTest, DoesNotCallUntoldUseUnused) {
  v1::ListGrantsResponse response;
  v1::UsedGrant& untold = *response.add_grants();
  *untold.mutable_request() = GrantedRequest();
  untold.set_untold_seconds(2 * kAnHour);
  const std::string text = FormatGrants(response, OutputFormat::kTable, 0);
  EXPECT_THAT(text, testing::ContainsRegex("8 of 16 b200 +- +- +- +- +0\\.0\n"));
  EXPECT_THAT(text, HasSubstr("The books do not tell 2.0 hours of these grants."));
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

TEST(RequestCheckOutputTest, ShowsHowEarlierGrantsWereUsed) {
  v1::CheckCapacityResponse check;
  check.set_micro_h100e(48'000'000);
  check.set_micro_h100e_hours(16'128'000'000);
  *check.add_earlier()->mutable_request() = GrantedRequest();
  EXPECT_THAT(FormatCheck(check, OutputFormat::kTable),
              AllOf(StartsWith("It may be submitted.\nworth      48.0 H100e, 16,128.0 H100e-hours\n"
                               "earlier grants of the team in the pool:\n  GRANT"),
                    HasSubstr("\n  rl-rollouts-2026-12-01-k3f9")));
}

TEST(TimelineOutputTest, MarksWhatIsCommittedBeyondTheAllocation) {
  v1::GetTimelineResponse timeline;
  timeline.set_pool("p");
  v1::CapacitySpan& span = *timeline.add_spans();
  span.set_from_unix_seconds(kFirstDay);
  span.set_to_unix_seconds(kFirstDay + kAnHour);
  span.set_allocated_micro_h100e(96'000'000);
  span.set_committed_micro_h100e(100'000'000);
  span.set_uncommitted_micro_h100e(-4'000'000);
  EXPECT_THAT(FormatTimeline(timeline, OutputFormat::kTable),
              AllOf(HasSubstr("96.0      100.0         -4.0  beyond it\n"),
                    HasSubstr("The books do not tell the busiest hour"),
                    HasSubstr("The headroom of the pool is not known.")));
  timeline.set_peak_micro_h100e(90'000'000);
  timeline.set_peak_unix_seconds(kFirstDay);
  timeline.set_headroom_h100e(6);
  EXPECT_THAT(FormatTimeline(timeline, OutputFormat::kTable),
              AllOf(HasSubstr("2026-12-01 00:00Z, 90.0 H100e were\nassigned.\n"),
                    HasSubstr("The headroom is 6.0 H100e at present.\n")));
  EXPECT_THAT(FormatTimeline(timeline, OutputFormat::kCsv),
              StartsWith("from_unix_seconds,to_unix_seconds,allocated_micro_h100e,"));
}

TEST(ResultsOutputTest, SaysWhyAResultCannotBeTold) {
  v1::GetResultsResponse response;
  v1::CapacityResult& result = *response.add_results();
  *result.mutable_request() = GrantedRequest();
  result.set_standing("cannot be told");
  result.add_why("No revenue of its model is in the books.");
  EXPECT_THAT(
      FormatResults(response, OutputFormat::kTable),
      AllOf(StartsWith("rl-rollouts-2026-12-01-k3f9: cannot be told\n  promised: revenue of "),
            HasSubstr("\n  No revenue of its model is in the books.\n"),
            Not(HasSubstr("since it began"))));
  response.set_left_out(3);
  EXPECT_THAT(FormatResults(response, OutputFormat::kTable),
              HasSubstr("3 results that began earlier left out"));
  result.set_revenue_micro_usd(2'000'000);
  EXPECT_THAT(FormatResults(response, OutputFormat::kTable),
              HasSubstr("revenue since it began: $2\n"));
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
  budget.set_left_h100e_hours(1'000);
  budget.set_to_unix_seconds(kFirstDay);
  budget.set_elapsed_seconds(10 * kAnHour);
  EXPECT_THAT(FormatBudgets(response, OutputFormat::kTable),
              testing::ContainsRegex("p +\\(all\\) +2026-12-01 +1,000 +- +- +- +- +-\n"));
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
