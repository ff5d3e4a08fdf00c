// The allocation report in its formats.
#include <fmt/format.h>

#include <regex>

#include "daemon/ctl/report/allocation_report.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/render.h"
#include "daemon/ctl/report/shown_text.h"
#include "gmock/gmock.h"
#include "tests/unit/ctl/report/report_json.h"

namespace fleetmeter::ctl::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CellsTest, TextsAreThoseOfPeople) {
  EXPECT_EQ(UsdText(3'420'000), "$3.42M");
  EXPECT_EQ(UsdText(18e9), "$18.00B");
  EXPECT_EQ(UsdText(-1'234.4), "-$1,234");
  EXPECT_EQ(UsdText(7.4765), "$7.48");
  EXPECT_EQ(UsdText(0.00251), "$0.0025");
  EXPECT_EQ(UsdText(0), "$0.00");
  EXPECT_EQ(ShareText(0.523), "52.3%");
  EXPECT_EQ(ShareText(0.0000075), "0.00075%");
  EXPECT_EQ(H100eText(1'386'335.4), "1,386,335");
  EXPECT_EQ(H100eText(48), "48.0");
  EXPECT_EQ(H100eText(0.0123), "0.012");
  EXPECT_EQ(HoursText(16'128), "16,128");
  EXPECT_EQ(HoursText(1'077'441'077), "1.08B");
  EXPECT_EQ(PointsText(-0.135), "13.5 points");
  EXPECT_EQ(TimeText(kReportHour), "2026-01-02 03:00Z");
}

TEST(ShownTextTest, NothingSteers) {
  EXPECT_EQ(HtmlText("<b>\"a\" & 'b'</b>\n\xE2\x80\xAE"),
            "&lt;b&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/b&gt; \\u202e");
  EXPECT_EQ(Beginning("ab\xC3\xA4z", 3), "ab...");
  EXPECT_EQ(Beginning("abc", 3), "abc");
  // Of the empty text, as browsers have it.
  EXPECT_EQ(StyleHash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST(AllocationReportTest, SaysFirstWhatHasToBeDecided) {
  const Json json = MadeJson(MadeAnswers());
  const Json& says = json.at("sections").at("in_short").at("says");
  EXPECT_EQ(says.at(0),
            "2 requests wait for a decision, 1 of them critical; together they ask for 96.0 "
            "H100e.");
  EXPECT_EQ(says.at(1),
            "The pools have 100.0 H100e of headroom now within what they are allocated. It is not "
            "known of 1 pool.");
  EXPECT_THAT(says.at(2).get<std::string>(), HasSubstr("1 allocation is underused: 120.0 H100e"));
  EXPECT_THAT(says.at(2).get<std::string>(), HasSubstr("$21,600 a day"));
  EXPECT_THAT(says.at(3).get<std::string>(), HasSubstr("research is farthest from the plan"));
}

TEST(AllocationReportTest, ARequestForgoesWhatTheFrameworkSays) {
  const Json json = MadeJson(MadeAnswers());
  const Json& row = RowsOf(json, "committee", "committee_requests").at(0);
  EXPECT_EQ(row.at("request"), "beyond-1");
  EXPECT_EQ(row.at("h100e"), 48.0);
  EXPECT_EQ(row.at("h100e_hours"), 16'128.0);
  EXPECT_EQ(row.at("forgone_usd"), 16'128 * 7.5);
  EXPECT_EQ(row.at("forgone_training_ratio"), 16'128 / 2e9);
  EXPECT_EQ(row.at("forgone_research_ratio"), 16'128 / 4e9);
  EXPECT_EQ(row.at("promised_usd"), 1'618'033.988);
  EXPECT_EQ(row.at("fits"), "no: 12.0 H100e are missing; it fits from 2026-01-05 03:00Z");
  EXPECT_EQ(row.at("earlier_used_ratio"), 0.625);
  EXPECT_EQ(row.at("earlier_used_ratio_note"), "1 grant");
}

TEST(AllocationReportTest, WithoutAFrameworkNothingIsValued) {
  Answers answers = MadeAnswers();
  answers.framework = absl::FailedPreconditionError("The daemon has no framework.");
  const Json json = MadeJson(answers);
  const Json& row = RowsOf(json, "committee", "committee_requests").at(0);
  EXPECT_TRUE(row.at("forgone_usd").is_null());
  EXPECT_EQ(row.at("forgone_usd_note"), "no framework");
  EXPECT_TRUE(RowsOf(json, "underused", "underused_pools").at(0).at("usd_per_day").is_null());
}

TEST(AllocationReportTest, WhatIsNotKnownIsNotZero) {
  const Json json = MadeJson(MadeAnswers());
  const Json& silent = RowsOf(json, "headroom", "headroom_pools").at(1);
  EXPECT_EQ(silent.at("pool"), "flagship");
  EXPECT_TRUE(silent.at("headroom_h100e").is_null());
  EXPECT_TRUE(silent.at("demand_h100e").is_null());
  EXPECT_EQ(silent.at("demand_h100e_note"), "no source tells");
  const Json& training = RowsOf(json, "plan_and_actual", "categories").at(1);
  EXPECT_TRUE(training.at("actual_share_ratio").is_null());
  EXPECT_EQ(training.at("actual_share_ratio_note"), "95.0% of the supply heard");
  EXPECT_THAT(json.at("sections").at("underused").at("says").at(1).get<std::string>(),
              HasSubstr("utilization of 1 pool is not known"));
  const Json& days = RowsOf(json, "plan_and_actual", "days");
  EXPECT_EQ(days.at(0).at("coverage_ratio"), 1.0);
  EXPECT_EQ(days.at(1).at("coverage_ratio"), 0.5);
}

TEST(AllocationReportTest, ImportedHistoryIsNotSilence) {
  Answers answers = MadeAnswers();
  for (v1::PoolPeriod& period : *answers.history->mutable_rows()) period.clear_coverage_ratio();
  const Document report = MakeAllocationReport(answers);
  const Json json = Json::parse(DocumentJson(report));
  const Json& days = RowsOf(json, "plan_and_actual", "days");
  EXPECT_TRUE(days.at(0).at("coverage_ratio").is_null());
  EXPECT_THAT(DocumentMarkdown(report), HasSubstr("| 160.0 | 80.0 | 30.0 | history |"));
  EXPECT_THAT(DocumentHtml(report), Not(HasSubstr(">0.0% of it heard")));
}

TEST(AllocationReportTest, TheBufferIsHeldByNoPool) {
  Answers answers = MadeAnswers();
  answers.comparison->add_tiers()->set_name("buffer");
  const Json json = MadeJson(answers);
  EXPECT_EQ(RowsOf(json, "plan_and_actual", "tiers").at(0).at("actual_share_ratio_note"),
            "no pool holds the buffer");
}

TEST(DocumentMarkdownTest, EachColumnHasAHead) {
  const std::string markdown = DocumentMarkdown(MakeAllocationReport(MadeAnswers()));
  EXPECT_THAT(markdown, Not(HasSubstr("|  |  |")));
  EXPECT_THAT(markdown, HasSubstr("| Request | Who | Nature | Place | Asks for, H100e | Chips |"));
}

TEST(DocumentMarkdownTest, WhatIsNotKnownOfAnyIsSaidOnce) {
  Answers answers = MadeAnswers();
  answers.pools->clear_pools();
  for (const char* pool : {"a", "b", "c"}) *answers.pools->add_pools() = SilentPool(pool);
  const std::string markdown = DocumentMarkdown(MakeAllocationReport(answers));
  EXPECT_THAT(markdown, HasSubstr("Oldest wait (no source tells); Could start now, H100e (no "));
  EXPECT_THAT(markdown, Not(HasSubstr("| not known (no source tells) |")));
}

TEST(AllocationReportTest, OfASilentFleetNothingIsKnown) {
  Answers answers = MadeAnswers();
  answers.pools->clear_pools();
  *answers.pools->add_pools() = SilentPool("flagship");
  const Json json = MadeJson(answers);
  const Json& in_short = json.at("sections").at("in_short");
  EXPECT_EQ(in_short.at("says").at(1), "How much headroom the pools have now is not known.");
  EXPECT_TRUE(in_short.at("figures").at("headroom_h100e").at("value").is_null());
  EXPECT_TRUE(in_short.at("figures").at("unused_h100e").at("value").is_null());
}

TEST(AllocationReportTest, LowCoverageIsSaidBesideTheSum) {
  Answers answers = MadeAnswers();
  answers.pools->mutable_pools(0)->set_coverage_ratio(0.4);
  const Json json = MadeJson(answers);
  const Json& headroom = json.at("sections").at("in_short").at("figures").at("headroom_h100e");
  EXPECT_EQ(headroom.at("value"), 100.0);
  EXPECT_EQ(headroom.at("note"), "It is not known of 1 pool. Less than 90% of 1 pool is heard.");
}

TEST(AllocationReportTest, OfASilentFleetNoSumIsZero) {
  Answers answers = MadeAnswers();
  answers.pools->clear_pools();
  *answers.pools->add_pools() = SilentPool("flagship");
  const Json json = MadeJson(answers);
  const Json& in_short = json.at("sections").at("in_short");
  EXPECT_EQ(in_short.at("says").at(1), "How much headroom the pools have now is not known.");
  for (const char* figure : {"headroom_h100e", "unused_h100e", "unused_usd_per_day"}) {
    EXPECT_TRUE(in_short.at("figures").at(figure).at("value").is_null()) << figure;
  }
  const Json some = MadeJson(MadeAnswers());
  const Json& figures = some.at("sections").at("in_short").at("figures");
  EXPECT_EQ(figures.at("unused_h100e").at("value"), 120);
  EXPECT_EQ(figures.at("unused_h100e").at("note"), "without 1 pool");
}

TEST(AllocationReportTest, WhatTheBooksDoNotTellIsNotUsedForNothing) {
  Answers answers = MadeAnswers();
  v1::UsedGrant& grant = *answers.grants->mutable_grants(0);
  grant.clear_used_ratio();
  grant.clear_unused_h100e_hours();
  answers.budgets = v1::ListBudgetsResponse();
  v1::CapacityBudget& budget = *answers.budgets->add_budgets();
  budget.set_pool("scaling");
  budget.set_h100e_hours(1'000);
  budget.set_elapsed_seconds(7'200);
  answers.lending = v1::GetLendingResponse();
  answers.lending->set_untold_seconds(7'200);
  answers.lending->add_untold_pools()->set_pool("quiet");
  const Json json = MadeJson(answers);
  const Json& came = RowsOf(json, "came", "grants").at(0);
  EXPECT_TRUE(came.at("unused_h100e_hours").is_null());
  EXPECT_EQ(came.at("unused_h100e_hours_note"), "the books do not tell 2 hours");
  const Json& spent = RowsOf(json, "budgets_and_lending", "budgets").at(0);
  EXPECT_EQ(spent.at("h100e_hours"), 1'000);
  EXPECT_TRUE(spent.at("used_h100e_hours").is_null());
  EXPECT_TRUE(spent.at("left_h100e_hours").is_null());
  EXPECT_EQ(json.at("sections").at("budgets_and_lending").at("tables").at("lending").at("empty"),
            "The books tell nothing of this time.");
  EXPECT_THAT(json.at("sections").at("budgets_and_lending").at("notes").dump(),
              testing::HasSubstr("Chips of quiet ("));
}

TEST(AllocationReportTest, AShorterGrantIsNoWholeOne) {
  Answers answers = MadeAnswers();
  v1::CapacityRequest& request = *answers.changed->mutable_requests(0);
  request.mutable_grant()->set_chips(16);
  request.mutable_grant()->set_end_unix_seconds(request.grant().start_unix_seconds() + 36'000);
  EXPECT_EQ(RowsOf(MadeJson(answers), "decided", "decisions").at(0).at("decision"),
            "granted for 10 of 336 hours");
  request.mutable_grant()->set_end_unix_seconds(request.grant().start_unix_seconds() + 1'209'600);
  EXPECT_EQ(RowsOf(MadeJson(answers), "decided", "decisions").at(0).at("decision"), "granted");
}

// A release was told as if whoever granted it had granted less.
TEST(AllocationReportTest, AReleaseIsNoDecisionOfWhoGranted) {
  Answers answers = MadeAnswers();
  v1::CapacityRequest& request = *answers.changed->mutable_requests(0);
  request.mutable_grant()->set_chips(16);
  request.mutable_grant()->set_end_unix_seconds(request.grant().start_unix_seconds() + 36'000);
  answers.released_hours["granted-now"] = 336;
  EXPECT_EQ(RowsOf(MadeJson(answers), "decided", "decisions").at(0).at("decision"),
            "granted, and released before its end");
  answers.released_hours["granted-now"] = 24;
  EXPECT_EQ(RowsOf(MadeJson(answers), "decided", "decisions").at(0).at("decision"),
            "granted for 24 of 336 hours, and released before its end");
}

TEST(AllocationReportTest, APartThatIsRefusedSaysSoInItsPlace) {
  const Document report = MakeAllocationReport(MadeAnswers());
  const std::string html = DocumentHtml(report);
  EXPECT_THAT(html, HasSubstr("Who made this report may not ask for it: pools"));
  EXPECT_THAT(html, HasSubstr("This daemon does not serve it."));
  const Json json = Json::parse(DocumentJson(report));
  EXPECT_EQ(json.at("sections").at("capability").at("missing"), "This daemon does not serve it.");
  EXPECT_TRUE(json.at("sections").at("committee").at("missing").is_null());
}

TEST(AllocationReportTest, DecisionsAndWhatCameAreToldApart) {
  const Json json = MadeJson(MadeAnswers());
  const Json& decided = RowsOf(json, "decided", "decisions");
  ASSERT_EQ(decided.size(), 1U);
  EXPECT_EQ(decided.at(0).at("request"), "granted-now");
  EXPECT_EQ(decided.at(0).at("decision"), "granted in part");
  EXPECT_EQ(decided.at(0).at("reason"), "the goal of the quarter");
  const Json& came = RowsOf(json, "came", "grants");
  ASSERT_EQ(came.size(), 1U);
  EXPECT_EQ(came.at(0).at("request"), "granted-before");
  EXPECT_EQ(came.at(0).at("used_ratio"), 0.625);
  EXPECT_EQ(came.at(0).at("used_ratio_note"), "the books do not tell 2 hours");
  EXPECT_TRUE(came.at(0).at("came_usd").is_null());
  EXPECT_EQ(came.at(0).at("came_usd_note"), "The run has told of no requests.");
}

TEST(AllocationReportTest, ChangesAreThoseSinceThePreviousReport) {
  Answers answers = MadeAnswers();
  answers.previous = MadeJson(answers);
  answers.plan->mutable_basis()->set_plan_version(8);
  const Json json = MadeJson(answers);
  const Json& versions = RowsOf(json, "changes", "versions");
  EXPECT_EQ(versions.at(1), Json({{"what", "plan_version"}, {"before", "7"}, {"now", "8"}}));
  const Json& changed = RowsOf(json, "changes", "allocations");
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed.at(0).at("change_h100e"), 40.0);
}

// The day on which a plan takes effect has a mean of two plans, which was told as the allocation.
TEST(AllocationReportTest, AllocationsOfNowAreThoseOfThePlanInForce) {
  Answers answers = MadeAnswers();
  answers.history->mutable_rows(2)->set_allocated_h100e(207.5);
  answers.pools->mutable_pools(0)->set_allocated_h100e(220);
  const Json raised = RowsOf(MadeJson(answers), "changes", "allocations");
  ASSERT_EQ(raised.size(), 1U);
  EXPECT_EQ(raised.at(0).at("before_h100e"), 160.0);
  EXPECT_EQ(raised.at(0).at("now_h100e"), 220.0);
  EXPECT_EQ(raised.at(0).at("change_h100e"), 60.0);
  answers.pools->mutable_pools(0)->set_pool("renamed");
  const Json dropped = RowsOf(MadeJson(answers), "changes", "allocations");
  ASSERT_EQ(dropped.size(), 1U);
  EXPECT_EQ(dropped.at(0).at("pool"), "scaling");
  EXPECT_EQ(dropped.at(0).at("now_h100e"), 0.0);
  EXPECT_EQ(dropped.at(0).at("now_h100e_note"), "it is no pool of the plan any more");
}

TEST(AllocationReportTest, WithoutAFirstDayNoChangeIsKnown) {
  Answers answers = MadeAnswers();
  answers.asked_unix_seconds = kReportFrom + 86'399;  // the first day is not over
  EXPECT_THAT(DocumentMarkdown(MakeAllocationReport(answers)),
              HasSubstr("What was allocated on the first day is not known."));
  answers = MadeAnswers();
  answers.history->clear_rows();
  EXPECT_THAT(DocumentMarkdown(MakeAllocationReport(answers)),
              HasSubstr("What was allocated on the first day is not known."));
}

// Every number of the page, in its order.
std::vector<double> NumbersOf(const std::string& html) {
  static const std::regex kNumber("(?:data-value|<data value)=([^ >]+)");
  std::vector<double> numbers;
  for (std::sregex_iterator at(html.begin(), html.end(), kNumber), end; at != end; ++at) {
    numbers.push_back(std::stod((*at)[1]));
  }
  return numbers;
}

std::vector<double> NumbersOf(const Document& document) {
  std::vector<double> numbers;
  const auto add = [&](const Cell& cell) {
    if (cell.value) numbers.push_back(*cell.value);
  };
  for (const Figure& figure : document.basis) add(figure.cell);
  for (const Section& section : document.sections) {
    for (const Figure& figure : section.figures) add(figure.cell);
    for (const Table& table : section.tables) {
      for (const auto& row : table.rows) {
        for (const Cell& cell : row) add(cell);
      }
    }
  }
  return numbers;
}

TEST(DocumentHtmlTest, EveryNumberIsThatOfTheReport) {
  const Document report = MakeAllocationReport(MadeAnswers());
  const std::vector<double> numbers = NumbersOf(DocumentHtml(report));
  EXPECT_GT(numbers.size(), 60U);
  EXPECT_EQ(numbers, NumbersOf(report));
}

TEST(DocumentHtmlTest, LoadsAndRunsNothing) {
  const std::string html = DocumentHtml(MakeAllocationReport(MadeAnswers()));
  EXPECT_THAT(html, HasSubstr("default-src 'none'; style-src 'sha256-"));
  for (const char* part : {"<script", " src=", " style=", "http:", "https:", "url(//", "@import"}) {
    EXPECT_THAT(html, Not(HasSubstr(part)));
  }
}

constexpr char kHostile[] =
    "=cmd|' /C calc'!A0<script>alert(1)</script>\"'\n| [x](http://evil) \xE2\x80\xAE";

Answers HostileAnswers() {
  Answers answers = MadeAnswers();
  v1::CapacityRequest& request = *answers.between_pools->mutable_requests(0)->mutable_request();
  for (std::string* text :
       {request.mutable_form()->mutable_request_id(), request.mutable_form()->mutable_team(),
        request.mutable_form()->mutable_trade_off(), request.mutable_form()->mutable_workload(),
        answers.between_pools->mutable_requests(0)->mutable_why(),
        answers.pools->mutable_pools(0)->mutable_pool(),
        answers.pools->mutable_pools(0)->mutable_owner(),
        answers.changed->mutable_requests(0)->mutable_grant()->mutable_reason(),
        answers.comparison->mutable_categories(0)->mutable_name()}) {
    *text = kHostile;
  }
  return answers;
}

TEST(HostileTextTest, IsTextInEachFormat) {
  const Document report = MakeAllocationReport(HostileAnswers());
  const std::string html = DocumentHtml(report);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("\xE2\x80\xAE")));
  const std::string markdown = DocumentMarkdown(report);
  EXPECT_THAT(markdown, Not(HasSubstr("<script")));
  EXPECT_THAT(markdown, Not(HasSubstr("](http://")));
  EXPECT_THAT(markdown, HasSubstr("\\| \\[x\\](http&#58;//evil)"));
  const std::string csv = DocumentCsv(report);
  EXPECT_THAT(csv, Not(HasSubstr(",=cmd")));
  EXPECT_THAT(csv, Not(HasSubstr("\"=cmd")));
  const Json json = Json::parse(DocumentJson(report));
  EXPECT_EQ(RowsOf(json, "committee", "committee_requests").at(0).at("request"), kHostile);
}

// So many pools and undecided requests, with texts of a usual length.
Answers ManyAnswers(int pools, int requests) {
  Answers answers = MadeAnswers();
  answers.pools->clear_pools();
  for (int i = 0; i < pools; ++i) {
    *answers.pools->add_pools() = MadePool(fmt::format("pool-of-research-{}", i));
  }
  for (int i = 0; i < requests; ++i) {
    v1::CapacityRequest request =
        MadeRequest(fmt::format("request-{}", i), fmt::format("pool-of-research-{}", i % pools));
    request.mutable_form()->set_trade_off(std::string(4'000, 'x'));
    *answers.between_pools->add_requests() = Ranked(request, static_cast<uint32_t>(i + 1));
  }
  return answers;
}

TEST(DocumentHtmlTest, StaysSmallForAManyPoolsAndRequests) {
  const std::string html = DocumentHtml(MakeAllocationReport(ManyAnswers(500, 2'000)));
  RecordProperty("bytes", static_cast<int>(html.size()));
  EXPECT_LT(html.size(), 2'000'000U);
  EXPECT_THAT(html, HasSubstr("<summary>1,989 more rows, in brief: Requests beyond allocations"));
}

TEST(DocumentCsvTest, HasARecordForEachNumber) {
  const std::string csv = DocumentCsv(MakeAllocationReport(MadeAnswers()));
  EXPECT_THAT(csv, HasSubstr("committee,committee_requests,1,beyond-1,forgone_usd,120960,\n"));
  EXPECT_THAT(csv,
              HasSubstr("headroom,headroom_pools,2,flagship,headroom_h100e,,nothing is heard\n"));
}

}  // namespace
}  // namespace fleetmeter::ctl::report
