// What single parts of the allocation report say.
#include "gmock/gmock.h"
#include "tests/unit/ctl/report/report_json.h"

namespace fleetmeter::ctl::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// --- What unused H100e are worth
// -------------------------------------------------------------------

const Json& UnusedRow(const Json& json, size_t row = 0) {
  return RowsOf(json, "underused", "underused_pools").at(row);
}

TEST(UnusedWorthTest, ChipsPricesComeFirst) {
  Answers answers = MadeAnswers();
  answers.pools->mutable_pools(0)->set_usd_per_h100e_hour(2.5);
  const Json json = MadeJson(answers);
  EXPECT_EQ(UnusedRow(json).at("usd_per_day"), 120 * 24 * 2.5);
  EXPECT_EQ(UnusedRow(json).at("usd_per_day_note"), "at the prices of the chips");
  const Json& in_short = json.at("sections").at("in_short");
  EXPECT_THAT(in_short.at("says").at(2).get<std::string>(),
              HasSubstr("120.0 H100e do nothing, which cost $7,200 a day at the prices of their "
                        "chips."));
  EXPECT_EQ(in_short.at("figures").at("unused_usd_per_day").at("value"), 7'200);
  EXPECT_EQ(in_short.at("figures").at("unused_usd_per_day").at("note"),
            "at the prices of the chips");
}

TEST(UnusedWorthTest, WithoutAChipPriceItIsTheFrameworks) {
  const Json json = MadeJson(MadeAnswers());
  EXPECT_EQ(UnusedRow(json).at("usd_per_day"), 120 * 24 * 7.5);
  EXPECT_EQ(UnusedRow(json).at("usd_per_day_note"), "by the framework, if it served inference");
}

TEST(UnusedWorthTest, WhatChipsCostAndWhatTheyWouldEarnAreNotAddedUp) {
  Answers answers = MadeAnswers();
  answers.pools->mutable_pools(0)->set_usd_per_h100e_hour(2.5);
  *answers.pools->add_pools() = MadePool("unpriced");
  const Json json = MadeJson(answers);
  const Json& in_short = json.at("sections").at("in_short");
  EXPECT_EQ(in_short.at("figures").at("unused_usd_per_day").at("value"), 7'200);
  EXPECT_EQ(in_short.at("figures").at("unused_usd_per_day").at("note"),
            "at the prices of the chips, without 1 pool");
  EXPECT_THAT(in_short.at("says").at(2).get<std::string>(),
              HasSubstr("$7,200 a day at the prices of their chips, without 1 pool whose chips "
                        "have no price."));
  EXPECT_EQ(UnusedRow(json, 1).at("usd_per_day"), 120 * 24 * 7.5);
}

TEST(UnusedWorthTest, WithoutEitherItIsNotKnown) {
  Answers answers = MadeAnswers();
  answers.framework = absl::FailedPreconditionError("The daemon has no framework.");
  const Json json = MadeJson(answers);
  EXPECT_TRUE(UnusedRow(json).at("usd_per_day").is_null());
  EXPECT_TRUE(json.at("sections")
                  .at("in_short")
                  .at("figures")
                  .at("unused_usd_per_day")
                  .at("value")
                  .is_null());
}

// --- What was held
// ---------------------------------------------------------------------------------

TEST(HeldSinceTest, WhatIsBeyondAnAllocationIsNoUseOfIt) {
  Answers answers = MadeAnswers();
  for (v1::PoolPeriod& day : *answers.history->mutable_rows()) day.set_allocated_h100e(100);
  answers.history->mutable_rows(0)->set_assigned_h100e(50);
  answers.history->mutable_rows(1)->set_assigned_h100e(400);
  answers.history->mutable_rows(2)->set_assigned_h100e(100);
  const Json json = MadeJson(answers);
  EXPECT_DOUBLE_EQ(UnusedRow(json).at("held_ratio").get<double>(), 250.0 / 300);
  EXPECT_DOUBLE_EQ(UnusedRow(json).at("held_beyond_h100e").get<double>(), 100);
}

TEST(HeldSinceTest, ADayCountsByThePartOfItThatHasPassed) {
  Answers answers = MadeAnswers();
  answers.history->mutable_rows()->DeleteSubrange(1, 1);
  answers.history->mutable_rows(0)->set_allocated_h100e(100);
  answers.history->mutable_rows(0)->set_assigned_h100e(0);
  v1::PoolPeriod& today = *answers.history->mutable_rows(1);
  today.set_allocated_h100e(100);
  today.set_assigned_h100e(100);
  today.set_start_unix_seconds(kReportHour - 18'000);  // with this hour, a quarter of a day
  EXPECT_DOUBLE_EQ(UnusedRow(MadeJson(answers)).at("held_ratio").get<double>(), 0.25 / 1.25);
}

// Four idle days and one busy one are no week of full use.
TEST(HeldSinceTest, SaysOnHowManyDaysItHeldAny) {
  Answers answers = MadeAnswers();
  answers.history->mutable_rows()->DeleteSubrange(1, answers.history->rows_size() - 1);
  v1::PoolPeriod& only = *answers.history->mutable_rows(0);
  only.set_allocated_h100e(100);
  only.set_assigned_h100e(100);
  constexpr int64_t kMidnight = 1'767'225'600;  // 2026-01-01
  only.set_start_unix_seconds(kMidnight);
  answers.from_unix_seconds = kMidnight;
  answers.until_unix_seconds = kMidnight + 5 * 86'400;
  EXPECT_EQ(UnusedRow(MadeJson(answers)).at("held_ratio_note"),
            "on the 1 of 5 days on which it held any");
  answers.until_unix_seconds = kMidnight + 86'400;
  EXPECT_FALSE(UnusedRow(MadeJson(answers)).contains("held_ratio_note"));
}

// No team holds any chip of it, and all of its chips are heard: nothing is less used.
TEST(UnderusedTest, ListsAPoolThatHoldsNothing) {
  Answers answers = MadeAnswers();
  v1::Pool& pool = *answers.pools->mutable_pools(0);
  pool.set_assigned_h100e(0);
  pool.clear_busy_h100e();
  pool.clear_idle_h100e();
  pool.clear_measured_ratio();
  pool.set_utilization_ratio(0);
  const Json json = MadeJson(answers);
  EXPECT_EQ(UnusedRow(json).at("pool"), pool.pool());
  EXPECT_EQ(UnusedRow(json).at("unused_h100e"),
            pool.allocated_h100e() - pool.unhealthy_h100e() - pool.unheard_h100e() -
                pool.unaccounted_h100e() - pool.headroom_uncertain_h100e());
  pool.clear_utilization_ratio();
  EXPECT_TRUE(RowsOf(MadeJson(answers), "underused", "underused_pools").empty()) << "not known";
}

// --- What came of grants
// ---------------------------------------------------------------------------

TEST(CameTest, AGainInEfficiencyIsToldWithItsUnits) {
  Answers answers = MadeAnswers();
  v1::CapacityResult& result = *answers.results->mutable_results(0);
  result.mutable_request()->mutable_form()->mutable_roi()->set_gain("efficiency");
  result.set_revenue_micro_usd(999'000'000);
  EXPECT_TRUE(RowsOf(MadeJson(answers), "came", "grants").at(0).at("came_usd").is_null())
      << "revenue is not what was promised";
  result.set_efficiency_gain_micro_usd(1'200'000'000);
  result.set_unit("weighted token");
  result.set_usd_per_unit_before(0.0000432);
  result.set_usd_per_unit_since(0.00002);
  const Json came = RowsOf(MadeJson(answers), "came", "grants").at(0);
  EXPECT_EQ(came.at("came_usd"), 1'200);
  EXPECT_EQ(came.at("came_usd_note"),
            "a gain in efficiency: a weighted token cost $0.00004320 before and $0.00002000 since");
}

TEST(CameTest, ABarOfAllOfItsWidthIsAllThatWasGranted) {
  const std::string html = DocumentHtml(MakeAllocationReport(MadeAnswers()));
  const size_t title = html.find("<title>granted-before, used: 62.5%</title>");
  ASSERT_NE(title, std::string::npos);
  EXPECT_EQ(html.compare(html.find("width=", title), 13, "width=\"625.0\""), 0)
      << html.substr(title, 200);
}

TEST(CameTest, RevenueSaysThatItIsOne) {
  Answers answers = MadeAnswers();
  answers.results->mutable_results(0)->set_revenue_micro_usd(2'500'000);
  const Json came = RowsOf(MadeJson(answers), "came", "grants").at(0);
  EXPECT_EQ(came.at("came_usd"), 2.5);
  EXPECT_EQ(came.at("came_usd_note"), "revenue");
}

// --- Whether requests fit
// --------------------------------------------------------------------------

TEST(FitsTest, ARequestOfWhichItIsNotKnownSaysWhy) {
  Answers answers = MadeAnswers();
  answers.fits.insert_or_assign("beyond-1", absl::NotFoundError("It was decided meanwhile."));
  const Json json = MadeJson(answers);
  EXPECT_EQ(RowsOf(json, "committee", "committee_requests").at(0).at("fits"),
            "not known: It was decided meanwhile.");
  EXPECT_EQ(RowsOf(json, "pool_requests", "requests_of_pools").at(0).at("fits"), "not known");
}

TEST(FitsTest, SaysWhoDecidesAboutWhatFitsBeyondAnAllocation) {
  Answers answers = MadeAnswers();
  v1::CapacityFit fit;
  fit.set_fits(true);
  const auto told = [&] {
    answers.fits.insert_or_assign("beyond-1", fit);
    return RowsOf(MadeJson(answers), "committee", "committee_requests").at(0).at("fits");
  };
  EXPECT_EQ(told(), "yes, as asked");
  fit.set_decided_by("capacity_team");
  EXPECT_EQ(told(), "yes, if the capacity team grants it");
  fit.add_displaces();
  EXPECT_EQ(told(), "yes, if the capacity team grants it; it takes the place of 1 other request");
}

// --- Changes
// ---------------------------------------------------------------------------------------

TEST(VersionsTest, TheLedgerTellsThemWithoutALastReport) {
  Answers answers = MadeAnswers();
  v1::RecordedVersion& catalog = *answers.versions->add_versions();
  catalog.set_kind("catalog");
  catalog.set_version(4);
  catalog.set_previous_version(3);
  catalog.set_recorded_unix_nanos((kReportHour - 7'200) * kNanos);
  v1::ChangedChip& chip = *catalog.add_chips();
  chip.set_chip("b200");
  chip.set_usd_per_chip_hour_before(3.5);
  chip.set_usd_per_chip_hour_now(2.75);
  chip.set_chips_per_h100e_now(1.0 / 3);
  v1::RecordedVersion& plan = *answers.versions->add_versions();
  plan.set_kind("plan");
  plan.set_name("lab");
  plan.set_version(1);
  plan.set_recorded_unix_nanos((kReportHour - 9'000) * kNanos);
  plan.set_effective_from_unix_nanos(kReportHour * kNanos);
  const Json json = MadeJson(answers);
  const Json& changes = json.at("sections").at("changes");
  EXPECT_EQ(changes.at("says").at(0),
            "2 versions of plans, catalogs, price books and benchmark suites are new to the daemon "
            "since 2025-12-19 03:00Z.");
  const Json& versions = RowsOf(json, "changes", "recorded_versions");
  EXPECT_EQ(versions.at(0).at("what"), "catalog");
  EXPECT_EQ(versions.at(0).at("version"), 4);
  EXPECT_EQ(versions.at(0).at("previous_version"), 3);
  EXPECT_EQ(versions.at(1).at("what"), "plan lab");
  EXPECT_TRUE(versions.at(1).at("previous_version").is_null());
  EXPECT_EQ(versions.at(1).at("effective_from"), "2026-01-02 03:00Z");
  const Json& row = RowsOf(json, "changes", "changed_chips").at(0);
  EXPECT_EQ(row.at("usd_per_chip_hour_before"), 3.5);
  EXPECT_EQ(row.at("usd_per_chip_hour_now"), 2.75);
  EXPECT_TRUE(row.at("chips_per_h100e_before").is_null());
  EXPECT_THAT(DocumentMarkdown(MakeAllocationReport(answers)), HasSubstr("no such kind"));
}

TEST(VersionsTest, NothingNewAndNotKnownAreTwoThings) {
  Answers answers = MadeAnswers();
  const Json none = MadeJson(answers).at("sections").at("changes");
  EXPECT_EQ(none.at("says").at(0),
            "Plan, catalog, price book and benchmark suite are those of 2025-12-19 03:00Z.");
  EXPECT_FALSE(none.at("tables").contains("changed_chips"));
  answers.versions = absl::PermissionDeniedError("It needs the right to see all pools.");
  const Json refused = MadeJson(answers).at("sections").at("changes");
  EXPECT_FALSE(refused.at("tables").contains("recorded_versions"));
  EXPECT_THAT(refused.at("notes").dump(), AllOf(HasSubstr("Which versions were new is not known."),
                                                HasSubstr("the right to see all pools")));
}

}  // namespace
}  // namespace fleetmeter::ctl::report
