// What is printed of requests for capacity, their ranking and the timeline of a pool.
#include "daemon/ctl/print/request_output.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "daemon/ctl/print/ranking_output.h"
#include "daemon/ctl/print/request_check_output.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/print/timeline_output.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/unit/ctl/print/capacity_requests.h"

namespace fleetmeter::ctl {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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

// The columns did not add up, and nothing said why.
TEST(TimelineOutputTest, SaysWhatIsOnTopOfTheAllocation) {
  v1::GetTimelineResponse timeline;
  v1::CapacitySpan& span = *timeline.add_spans();
  span.set_allocated_micro_h100e(96'000'000);
  span.set_committed_micro_h100e(60'000'000);
  span.set_uncommitted_micro_h100e(48'000'000);
  span.set_beyond_micro_h100e(12'000'000);
  EXPECT_THAT(FormatTimeline(timeline, OutputFormat::kTable),
              HasSubstr("Of what is committed, up to 12.0 H100e were granted beyond the"));
  timeline.mutable_spans(0)->set_beyond_micro_h100e(0);
  EXPECT_THAT(FormatTimeline(timeline, OutputFormat::kTable), Not(HasSubstr("granted beyond")));
}

// An ROI that was amended stood in the history as if nothing had changed.
TEST(RequestOutputTest, TheHistorySaysWhatAnAmendmentChanged) {
  v1::GetCapacityResponse response;
  *response.mutable_request() = LongRequest();
  v1::CapacityEvent& first = *response.add_events();
  first.set_action("submit");
  *first.mutable_form() = response.request().form();
  v1::CapacityEvent& second = *response.add_events();
  second.set_action("amend");
  *second.mutable_form() = response.request().form();
  second.mutable_form()->mutable_roi()->set_expected_micro_usd(9'000'000'000'000);
  second.mutable_form()->set_hours(30);
  v1::CapacityEvent& third = *response.add_events();
  third.set_action("amend");
  *third.mutable_form() = second.form();
  third.mutable_form()->set_note("another");
  std::string text = FormatRequest(response, OutputFormat::kTable);
  text.erase(0, text.find("History:"));
  for (size_t at = 0; (at = text.find("\n           ")) != std::string::npos;)
    text.replace(at, 12, " ");
  EXPECT_THAT(text, AllOf(HasSubstr("; changed: for, roi"), HasSubstr("; changed: note")));
}

}  // namespace
}  // namespace fleetmeter::ctl
