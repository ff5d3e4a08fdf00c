// Which windows the rows of a file of inference stand for.
#include "daemon/ctl/import/inference_reports.h"
#include "gmock/gmock.h"
#include "imports_testing.h"

namespace fleetmeter::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr char kWindowsHeader[] = "start,model,customer_tier,requests,input_tokens,output_tokens";

absl::StatusOr<ImportBatch> PlanWindows(const std::string& text, InferenceRules rules = {}) {
  CsvReader csv = Csv(text);
  rules.source = "billing";
  return MakeInferenceReports(csv, rules);
}

TEST(InferenceWindows, AWindowEndsWhereARowThatIsRefusedSaysTheNextOneBegins) {
  const auto plan = PlanWindows(std::string(kWindowsHeader) +
                                "\n2026-01-01,opus,pro,1,0,0\n"
                                "2026-01-02,opus,pro,many,0,0\n"
                                "2026-01-03,opus,pro,1,0,0\n");
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(Refused(*plan), ElementsAre(HasSubstr("3 requests: is \"many\"")));
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Outcome(*plan, 0).window_length_nanos, kDay);
}

// A file that grows by a month must not find that month told.
TEST(InferenceWindows, MonthsAreCalendarMonths) {
  const auto plan = PlanWindows(std::string(kWindowsHeader) +
                                "\n2026-01-01,opus,pro,1,0,0\n"
                                "2026-02-01,opus,pro,1,0,0\n");
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Outcome(*plan, 0).window_length_nanos, 31 * kDay);
  EXPECT_EQ(Outcome(*plan, 1).window_length_nanos, 28 * kDay);
}

TEST(InferenceWindows, QuartersAreThreeCalendarMonths) {
  const auto plan = PlanWindows(std::string(kWindowsHeader) +
                                "\n2026-01-01,opus,pro,1,0,0\n"
                                "2026-04-01,opus,pro,1,0,0\n"
                                "2026-10-01,opus,pro,1,0,0\n");
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 3u);
  EXPECT_EQ(Outcome(*plan, 0).window_length_nanos, 90 * kDay);
  EXPECT_EQ(Outcome(*plan, 1).window_length_nanos, 91 * kDay);
  EXPECT_EQ(Outcome(*plan, 2).window_length_nanos, 92 * kDay);
}

// Written in Europe: April begins two hours before April by UTC, and March with another offset.
TEST(InferenceWindows, DaysByALocalClockAreTheDaysThatTheyName) {
  const auto plan = PlanWindows(std::string(kWindowsHeader) +
                                "\n2026-03-01T00:00:00+01:00,opus,pro,3,0,0\n"
                                "2026-04-01T00:00:00+02:00,opus,pro,4,0,0\n");
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Outcome(*plan, 0).window_start_unix_nanos, kNewYear2026 + 59 * kDay);
  EXPECT_EQ(Outcome(*plan, 0).window_length_nanos, 31 * kDay);
  EXPECT_EQ(Outcome(*plan, 1).window_start_unix_nanos, kNewYear2026 + 90 * kDay);
  EXPECT_EQ(Outcome(*plan, 1).window_length_nanos, 30 * kDay);
  const auto with_ends = PlanWindows(
      "start,end,model,requests,input_tokens,output_tokens\n"
      "2026-03-28T00:00:00-05:00,2026-03-29T00:00:00-05:00,opus,1,0,0\n"
      "2026-03-29T00:00:00-05:00,2026-03-30T00:00:00-04:00,opus,1,0,0\n");
  ASSERT_TRUE(with_ends.ok());
  ASSERT_EQ(with_ends->reports.size(), 2u);
  EXPECT_EQ(Outcome(*with_ends, 1).window_start_unix_nanos, kNewYear2026 + 87 * kDay);
  EXPECT_EQ(Outcome(*with_ends, 1).window_length_nanos, kDay) << "a day of 23 hours";
}

TEST(InferenceWindows, TimesThatAreNoDaysStayWhatTheyAre) {
  const auto plan = PlanWindows(std::string(kWindowsHeader) +
                                "\n2026-04-01T00:00:00+02:00,opus,pro,3,0,0\n"
                                "2026-04-01T01:00:00+02:00,opus,pro,4,0,0\n");
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Outcome(*plan, 0).window_start_unix_nanos, kNewYear2026 + 90 * kDay - 2 * kHour);
  // Two clocks that name one day.
  const auto both = PlanWindows(std::string(kWindowsHeader) +
                                "\n2026-04-01T00:00:00+02:00,opus,pro,3,0,0\n"
                                "2026-04-01T00:00:00+01:00,opus,pro,4,0,0\n"
                                "2026-04-02,opus,pro,4,0,0\n");
  ASSERT_TRUE(both.ok());
  ASSERT_EQ(both->reports.size(), 3u);
  EXPECT_EQ(Outcome(*both, 0).window_start_unix_nanos, kNewYear2026 + 90 * kDay - 2 * kHour);
}

TEST(InferenceWindows, StartsMayBeCenturiesApart) {
  const auto plan = PlanWindows(std::string(kWindowsHeader) +
                                "\n2000-01-02,opus,pro,1,0,0\n"
                                "2199-12-31,opus,pro,1,0,0\n");
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->refused, IsEmpty());
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Outcome(*plan, 1).window_length_nanos, 366 * kDay);
}

TEST(InferenceWindows, TakesEveryUsualFormOfATime) {
  const auto plan = PlanWindows(std::string(kWindowsHeader) +
                                    "\n2026-01-01T00:00Z,opus,pro,1,0,0\n"
                                    "2026-01-01 00:00:00 UTC,opus,pro,1,0,0\n"
                                    "2026-01-01 00:00:00+00:00,opus,pro,1,0,0\n"
                                    "1767225600000,opus,pro,1,0,0\n"
                                    "01/01/2026,opus,pro,1,0,0\n",
                                {.source = "", .window_nanos = kDay, .every_nanos = {}});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 1u);
  EXPECT_EQ(Outcome(*plan, 0).window_start_unix_nanos, kNewYear2026);
  EXPECT_EQ(Outcome(*plan, 0).inference.at(0).requests, 4);
  EXPECT_THAT(Refused(*plan), ElementsAre(HasSubstr("6 start: is \"01/01/2026\"; expected the "
                                                    "year first")));
}

// Days of 23 hours and of 25 are days of the books, and no window overlaps the next or leaves a
// gap.
TEST(InferenceWindows, DaysAndMonthsOfTheTimeZoneAreThoseThatTheyName) {
  absl::TimeZone berlin;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin));
  CsvForm form;
  form.time_zone = berlin;
  const auto windows = [&](const std::string& rows) {
    CsvReader csv = *CsvReader::FromText("t.csv", std::string(kWindowsHeader) + "\n" + rows, form);
    const auto plan =
        MakeInferenceReports(csv, {.source = "s", .window_nanos = {}, .every_nanos = {}});
    std::vector<std::pair<int64_t, int64_t>> hours;  // from New Year on
    EXPECT_TRUE(plan.ok() && plan->refused.empty());
    for (const ImportReport& report : plan->reports) {
      const auto& outcome = std::get<OutcomeReport>(report.report);
      hours.emplace_back((outcome.window_start_unix_nanos - kNewYear2026) / kHour,
                         outcome.window_length_nanos / kHour);
    }
    return hours;
  };
  EXPECT_THAT(windows("2026-03-28,o,p,1,0,0\n2026-03-29 00:00,o,p,1,0,0\n2026-03-30,o,p,1,0,0\n"),
              ElementsAre(Pair(86 * 24, 24), Pair(87 * 24, 24), Pair(88 * 24, 24)));
  // As numbers of seconds, the same days.
  EXPECT_THAT(windows("1774652400,o,p,1,0,0\n1774738800,o,p,1,0,0\n1774821600,o,p,1,0,0\n"),
              ElementsAre(Pair(86 * 24, 24), Pair(87 * 24, 24), Pair(88 * 24, 24)));
  EXPECT_THAT(windows("2026-03-01,o,p,1,0,0\n2026-04-01,o,p,1,0,0\n"),
              ElementsAre(Pair(59 * 24, 31 * 24), Pair(90 * 24, 30 * 24)));
  // Hours are what they are.
  EXPECT_THAT(windows("2026-03-29 00:00,o,p,1,0,0\n2026-03-29 01:00,o,p,1,0,0\n"),
              ElementsAre(Pair(87 * 24 - 1, 1), Pair(87 * 24, 1)));
}

// Invoices at local midnight, of which an offset says which: the months of the books, whose days
// are those of the same clocks, or of others.
TEST(InferenceWindows, MonthsAreThoseOfTheBooksWhoseDaysTheyName) {
  const std::string invoices = std::string(kWindowsHeader) +
                               "\n2026-02-01T00:00:00+01:00,atlas,pro,2000,0,0\n"
                               "2026-03-01T00:00:00+01:00,atlas,pro,3000,0,0\n"
                               "2026-04-01T00:00:00+02:00,atlas,pro,4000,0,0\n";
  for (const char* name : {"UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"}) {
    const DayZone zone = *DayZone::Load(name);
    CsvReader csv = Csv(invoices);
    const auto plan = MakeInferenceReports(
        csv, {.source = "eu", .window_nanos = {}, .every_nanos = {}, .zone = zone});
    ASSERT_TRUE(plan.ok()) << plan.status();
    ASSERT_EQ(plan->reports.size(), 3u);
    const auto begin_of = [&](int days) {
      return zone.BeginOf(kNewYear2026 / kNanosPerSecond + days * kSecondsPerDay) * kNanosPerSecond;
    };
    EXPECT_EQ(Outcome(*plan, 2).window_start_unix_nanos, begin_of(90)) << name;
    EXPECT_EQ(Outcome(*plan, 2).WindowEnd(), begin_of(120)) << name;
    EXPECT_EQ(Outcome(*plan, 1).WindowEnd(), begin_of(90)) << name;
  }
}

TEST(InferenceWindows, ADayWithoutRowsLeavesRoomForThem) {
  const auto plan = PlanWindows(std::string(kWindowsHeader) +
                                "\n2026-05-01,opus,pro,1,0,0\n"
                                "2026-05-02,opus,pro,1,0,0\n"
                                "2026-06-10,opus,pro,1,0,0\n");
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 3u);
  EXPECT_EQ(Outcome(*plan, 1).window_length_nanos, kDay);
}

TEST(InferenceWindows, NeedsTheLengthOfASingleWindow) {
  const std::string text = std::string(kWindowsHeader) + "\n2026-01-01,opus,pro,1,0,0\n";
  EXPECT_THAT(std::string(PlanWindows(text).status().message()), HasSubstr("--window"));
  const auto plan = PlanWindows(text, {.source = "", .window_nanos = kHour, .every_nanos = {}});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(Outcome(*plan, 0).window_length_nanos, kHour);
}

TEST(InferenceWindows, TakesEndsAndRefusesWindowsThatOverlap) {
  const auto plan = PlanWindows(
      "start,end,model,requests,input_tokens,output_tokens\n"
      "2026-01-01,2026-01-03,opus,1,0,0\n"
      "2026-01-02,2026-01-04,opus,1,0,0\n"
      "2026-01-01,2026-01-04,opus,1,0,0\n"
      "2026-01-03,2026-01-03,opus,1,0,0\n"
      "2026-01-05,2028-01-05,opus,1,0,0\n");
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 1u);
  EXPECT_EQ(Outcome(*plan, 0).window_length_nanos, 2 * kDay);
  EXPECT_EQ(Outcome(*plan, 0).inference[0].customer_tier, "all");  // no such column
  EXPECT_THAT(
      Refused(*plan),
      ElementsAre(HasSubstr("3 start: lies within an earlier window"),
                  HasSubstr("4 end: is \"2026-01-04\"; line 2 has the same start and another end"),
                  HasSubstr("5 end: is \"2026-01-03\"; expected a time"),
                  HasSubstr("6 start: the window is 730 days long")));
}

}  // namespace
}  // namespace fleetmeter::imports
