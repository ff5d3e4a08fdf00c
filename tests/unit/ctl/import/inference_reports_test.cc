#include "daemon/ctl/import/inference_reports.h"

#include "daemon/ctl/import/totals.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "imports_testing.h"

namespace fleetmeter::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr char kHeader[] = "start,model,customer_tier,requests,input_tokens,output_tokens";

absl::StatusOr<ImportBatch> Plan(const std::string& text, InferenceRules rules = {}) {
  CsvReader csv = Csv(text);
  rules.source = "billing";
  return MakeInferenceReports(csv, rules);
}

TEST(PlanInference, MakesAReportOfEachStartThatEndsWhereTheNextBegins) {
  const auto plan = Plan(std::string(kHeader) +
                         ",cached_input_tokens,revenue_usd\n"
                         "2026-01-03,opus,pro,1,10,2,,\n"
                         "2026-01-01,opus,pro,4,40,8,5,1.25\n"
                         "2026-01-01,haiku,free,2,20,4,,\n"
                         "2026-01-06,opus,pro,1,10,2,,0\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->refused, IsEmpty());
  ASSERT_EQ(plan->reports.size(), 3u);
  const OutcomeReport& first = Outcome(*plan, 0);
  EXPECT_EQ(first.kind, OutcomeKind::kInference);
  EXPECT_EQ(first.source, "billing");
  EXPECT_EQ(first.window_start_unix_nanos, kNewYear2026);
  EXPECT_EQ(first.window_length_nanos, 2 * kDay);
  ASSERT_EQ(first.inference.size(), 2u);
  EXPECT_EQ(first.inference[0].model, "haiku");
  EXPECT_EQ(first.inference[0].revenue_micro_usd, std::nullopt);  // not 0: the price book says it
  EXPECT_EQ(first.inference[1], (InferenceRow{.model = "opus",
                                              .customer_tier = "pro",
                                              .requests = 4,
                                              .input_tokens = 40,
                                              .cached_input_tokens = 5,
                                              .output_tokens = 8,
                                              .revenue_micro_usd = 1'250'000}));
  EXPECT_EQ(plan->reports[0].lines.Text(), "3-4");
  // All are as long as the shortest time between two starts.
  EXPECT_EQ(Outcome(*plan, 1).window_length_nanos, 2 * kDay);
  EXPECT_EQ(Outcome(*plan, 2).window_length_nanos, 2 * kDay);
  EXPECT_EQ(Outcome(*plan, 2).inference[0].revenue_micro_usd, 0);
}

TEST(PlanInference, AWindowEndsWhereARowThatIsRefusedSaysTheNextOneBegins) {
  const auto plan = Plan(std::string(kHeader) +
                         "\n2026-01-01,opus,pro,1,0,0\n"
                         "2026-01-02,opus,pro,many,0,0\n"
                         "2026-01-03,opus,pro,1,0,0\n");
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(Refused(*plan), ElementsAre(HasSubstr("3 requests: is \"many\"")));
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Outcome(*plan, 0).window_length_nanos, kDay);
}

// A file that grows by a month must not find that month told.
TEST(PlanInference, MonthsAreCalendarMonths) {
  const auto plan = Plan(std::string(kHeader) +
                         "\n2026-01-01,opus,pro,1,0,0\n"
                         "2026-02-01,opus,pro,1,0,0\n");
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Outcome(*plan, 0).window_length_nanos, 31 * kDay);
  EXPECT_EQ(Outcome(*plan, 1).window_length_nanos, 28 * kDay);
}

TEST(PlanInference, QuartersAreThreeCalendarMonths) {
  const auto plan = Plan(std::string(kHeader) +
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
TEST(PlanInference, DaysByALocalClockAreTheDaysThatTheyName) {
  const auto plan = Plan(std::string(kHeader) +
                         "\n2026-03-01T00:00:00+01:00,opus,pro,3,0,0\n"
                         "2026-04-01T00:00:00+02:00,opus,pro,4,0,0\n");
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Outcome(*plan, 0).window_start_unix_nanos, kNewYear2026 + 59 * kDay);
  EXPECT_EQ(Outcome(*plan, 0).window_length_nanos, 31 * kDay);
  EXPECT_EQ(Outcome(*plan, 1).window_start_unix_nanos, kNewYear2026 + 90 * kDay);
  EXPECT_EQ(Outcome(*plan, 1).window_length_nanos, 30 * kDay);
  const auto with_ends = Plan(
      "start,end,model,requests,input_tokens,output_tokens\n"
      "2026-03-28T00:00:00-05:00,2026-03-29T00:00:00-05:00,opus,1,0,0\n"
      "2026-03-29T00:00:00-05:00,2026-03-30T00:00:00-04:00,opus,1,0,0\n");
  ASSERT_TRUE(with_ends.ok());
  ASSERT_EQ(with_ends->reports.size(), 2u);
  EXPECT_EQ(Outcome(*with_ends, 1).window_start_unix_nanos, kNewYear2026 + 87 * kDay);
  EXPECT_EQ(Outcome(*with_ends, 1).window_length_nanos, kDay) << "a day of 23 hours";
}

TEST(PlanInference, TimesThatAreNoDaysStayWhatTheyAre) {
  const auto plan = Plan(std::string(kHeader) +
                         "\n2026-04-01T00:00:00+02:00,opus,pro,3,0,0\n"
                         "2026-04-01T01:00:00+02:00,opus,pro,4,0,0\n");
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Outcome(*plan, 0).window_start_unix_nanos, kNewYear2026 + 90 * kDay - 2 * kHour);
  // Two clocks that name one day.
  const auto both = Plan(std::string(kHeader) +
                         "\n2026-04-01T00:00:00+02:00,opus,pro,3,0,0\n"
                         "2026-04-01T00:00:00+01:00,opus,pro,4,0,0\n"
                         "2026-04-02,opus,pro,4,0,0\n");
  ASSERT_TRUE(both.ok());
  ASSERT_EQ(both->reports.size(), 3u);
  EXPECT_EQ(Outcome(*both, 0).window_start_unix_nanos, kNewYear2026 + 90 * kDay - 2 * kHour);
}

TEST(PlanInference, StartsMayBeCenturiesApart) {
  const auto plan = Plan(std::string(kHeader) +
                         "\n2000-01-02,opus,pro,1,0,0\n"
                         "2199-12-31,opus,pro,1,0,0\n");
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->refused, IsEmpty());
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Outcome(*plan, 1).window_length_nanos, 366 * kDay);
}

TEST(PlanInference, TakesEveryUsualFormOfATime) {
  const auto plan = Plan(std::string(kHeader) +
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
TEST(PlanInference, DaysAndMonthsOfTheTimeZoneAreThoseThatTheyName) {
  absl::TimeZone berlin;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin));
  CsvForm form;
  form.time_zone = berlin;
  const auto windows = [&](const std::string& rows) {
    CsvReader csv = *CsvReader::FromText("t.csv", std::string(kHeader) + "\n" + rows, form);
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
TEST(PlanInference, MonthsAreThoseOfTheBooksWhoseDaysTheyName) {
  const std::string invoices = std::string(kHeader) +
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

TEST(PlanInference, ADayWithoutRowsLeavesRoomForThem) {
  const auto plan = Plan(std::string(kHeader) +
                         "\n2026-05-01,opus,pro,1,0,0\n"
                         "2026-05-02,opus,pro,1,0,0\n"
                         "2026-06-10,opus,pro,1,0,0\n");
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 3u);
  EXPECT_EQ(Outcome(*plan, 1).window_length_nanos, kDay);
}

TEST(PlanInference, NeedsTheLengthOfASingleWindow) {
  const std::string text = std::string(kHeader) + "\n2026-01-01,opus,pro,1,0,0\n";
  EXPECT_THAT(std::string(Plan(text).status().message()), HasSubstr("--window"));
  const auto plan = Plan(text, {.source = "", .window_nanos = kHour, .every_nanos = {}});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(Outcome(*plan, 0).window_length_nanos, kHour);
}

TEST(PlanInference, TakesEndsAndRefusesWindowsThatOverlap) {
  const auto plan = Plan(
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
  EXPECT_THAT(Refused(*plan), ElementsAre(HasSubstr("3 start: lies within an earlier window"),
                                          HasSubstr("4 end: is \"2026-01-04\"; line 2 has another"),
                                          HasSubstr("5 end: is \"2026-01-03\"; expected a time"),
                                          HasSubstr("6 start: the window is 730 days long")));
}

TEST(PlanInference, PutsRequestsIntoAlignedWindowsAndAddsThemUp) {
  const auto plan = Plan(std::string(kHeader) +
                             ",revenue_usd\n"
                             "2026-01-01 00:00:03.1234567,opus,pro,1,10,1,0.000001\n"
                             "2026-01-01T00:00:09.999999999Z,opus,pro,1,20,2,0.000002\n"
                             "2026-01-01 00:00:10,opus,pro,1,40,4,0.5\n"
                             "2025-12-31T23:59:59.5-00:30,opus,free,1,80,8,0\n",
                         {.source = "", .window_nanos = {}, .every_nanos = 10 * kSecond});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->refused, IsEmpty());
  ASSERT_EQ(plan->reports.size(), 3u);
  const OutcomeReport& first = Outcome(*plan, 0);
  EXPECT_EQ(first.window_start_unix_nanos, kNewYear2026);
  EXPECT_EQ(first.window_length_nanos, 10 * kSecond);
  ASSERT_EQ(first.inference.size(), 1u);
  EXPECT_EQ(first.inference[0].requests, 2);
  EXPECT_EQ(first.inference[0].input_tokens, 30);
  EXPECT_EQ(first.inference[0].revenue_micro_usd, 3);
  EXPECT_EQ(Outcome(*plan, 1).window_start_unix_nanos, kNewYear2026 + 10 * kSecond);
  EXPECT_EQ(Outcome(*plan, 2).window_start_unix_nanos, kNewYear2026 + 1'790 * kSecond);
  const Totals totals = TotalsOf(*plan);
  EXPECT_EQ(totals.rows, 4);
  EXPECT_EQ(Decimal(totals.revenue_micro_usd.value(), 6), "0.500003");
}

int64_t RevenueOf(const ImportBatch& plan) {
  return static_cast<int64_t>(TotalsOf(plan).revenue_micro_usd.value_or(-1));
}

// Costs as gateways write them: doubles, printed in full.
TEST(PlanInference, TakesAmountsInAnyNotation) {
  const auto plan = Plan(std::string(kHeader) +
                             ",revenue_usd\n"
                             "2026-03-02 08:00:01,mini,pro,1,3,1,3.5e-7\n"
                             "2026-03-02 08:00:02,mini,pro,1.0,80,20,0.00012000000000000002\n"
                             "2026-03-02 08:00:03,mini,pro,1,1e2,200.000,0.30000000000000004\n"
                             "2026-03-02 08:00:04,mini,pro,1,10,5,0.0000333\n"
                             "2026-03-02 08:00:05,mini,pro,1,10,5,.5\n",
                         {.source = "", .window_nanos = {}, .every_nanos = kHour});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->refused, IsEmpty());
  ASSERT_EQ(plan->reports.size(), 1u);
  EXPECT_EQ(Outcome(*plan, 0).inference.at(0).requests, 5);
  EXPECT_EQ(Outcome(*plan, 0).inference.at(0).input_tokens, 203);
  EXPECT_EQ(RevenueOf(*plan), 800'153);
}

TEST(PlanInference, LosesNoMicroDollarToRoundingHoweverRowsAreGrouped) {
  std::string text = std::string(kHeader) + ",revenue_usd\n";
  for (int i = 0; i < 3'000; ++i) {
    text += fmt::format("2026-01-01 {:02}:{:02}:{:02},opus,pro,1,1,1,{}\n", i / 200, i % 60,
                        i * 7 % 60, i % 2 == 0 ? "2e-7" : "0.0000016");
  }
  // 1500 x 0.2 + 1500 x 1.6 micro-dollars.
  for (const int64_t every : {kSecond, kMinute, kHour, kDay}) {
    const auto plan = Plan(text, {.source = "", .window_nanos = {}, .every_nanos = every});
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(RevenueOf(*plan), 2'700) << every;
  }
}

// A file that is copied while it is written ends within a line.
TEST(PlanInference, RefusesALineThatIsCutShortAndReadsTheRest) {
  const auto plan = Plan(std::string(kHeader) +
                             ",revenue_usd\n"
                             "2026-03-02 08:10:00,atlas,pro,1,1000,100,0.01\n"
                             "2026-03-02 08:20:00,atlas,pro,1\n"
                             "2026-03-02 08:30:00,\"atlas,pro,1,1000,100,0.01\n"
                             "2026-03-02 08:40:00,atlas,pro,1,1000,100,0.01\n"
                             "2026-03-02 09:20:00,atlas,pro,1,10",
                         {.source = "", .window_nanos = {}, .every_nanos = kHour});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->rows, 5);
  ASSERT_EQ(plan->reports.size(), 1u);
  EXPECT_EQ(plan->reports[0].lines.Text(), "2, 5");
  EXPECT_THAT(Refused(*plan), ElementsAre(HasSubstr("3 4 fields; expected 7"),
                                          HasSubstr("4 field 2 has no closing quote"),
                                          HasSubstr("6 5 fields; expected 7 as in the header: the "
                                                    "file ends within this line")));
}

TEST(PlanInference, RefusesNumbersOfOtherCountries) {
  const auto plan = Plan(std::string(kHeader) +
                             ",revenue_usd\n"
                             "2026-01-01,opus,pro,1,1,1,\"1,25\"\n"
                             "2026-01-01,opus,pro,\"1,200\",1,1,1\n"
                             "2026-01-01,opus,pro,1.5,1,1,1\n"
                             "2026-01-01,opus,pro,1,1,1,$1\n",
                         {.source = "", .window_nanos = kDay, .every_nanos = {}});
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(Refused(*plan),
              ElementsAre(HasSubstr("2 revenue_usd: is \"1,25\"; expected US dollars such as"),
                          HasSubstr("3 requests: is \"1,200\""), HasSubstr("4 requests"),
                          HasSubstr("5 revenue_usd: is \"$1\"")));
}

TEST(PlanInference, NeverMixesKnownAndUnknownRevenue) {
  const auto plan = Plan(std::string(kHeader) +
                             ",revenue_usd\n"
                             "2026-01-01,opus,pro,1,10,1,\n"
                             "2026-01-01,opus,pro,2,20,2,5\n"
                             "2026-01-01,opus,free,4,40,4,\n"
                             "2026-01-01,haiku,pro,8,80,8,1\n"
                             "2026-01-01,haiku,pro,8,80,8,-2\n",
                         {.source = "", .window_nanos = kDay, .every_nanos = {}});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 1u);
  ASSERT_EQ(Outcome(*plan, 0).inference.size(), 2u);
  EXPECT_EQ(Outcome(*plan, 0).inference[0].requests, 4);
  EXPECT_EQ(Outcome(*plan, 0).inference[1].requests, 2);
  EXPECT_EQ(plan->reports[0].lines.Text(), "3-4");
  EXPECT_THAT(Refused(*plan),
              ElementsAre(HasSubstr("2 revenue_usd: is \"\"; expected one as on line 3"),
                          HasSubstr("5 revenue_usd: the rows"), HasSubstr("6 revenue_usd: the")));
}

TEST(PlanInference, RefusesWindowsWithTooManySegments) {
  std::string text = std::string(kHeader) + "\n";
  for (size_t i = 0; i <= kMostRows; ++i) {
    text += "2026-01-01,opus,t" + std::to_string(i) + ",1,0,0\n";
  }
  text += "2026-01-02,opus,t,1,0,0\n";
  const auto plan = Plan(text);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->reports.size(), 1u);
  ASSERT_EQ(plan->refused.size(), kMostRows + 1);
  EXPECT_THAT(plan->refused[0].reason, HasSubstr("16385 models, customer tiers"));
}

TEST(PlanInference, RefusesAmountsThatTheDaemonWouldNotTake) {
  const auto plan = Plan(std::string(kHeader) +
                         "\n2026-01-01,opus,pro,1000000000000000,0,0\n"
                         "2026-01-01,opus,pro,1,0,0\n"
                         "2026-01-02,opus,pro,9223372036854775807,0,0\n"
                         "2026-01-02,opus,,1,0,0\n");
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->reports.size(), 1u);
  EXPECT_THAT(Refused(*plan),
              ElementsAre(HasSubstr("3 requests: is \"1\"; expected that the amounts"),
                          HasSubstr("4 requests: is \"9223372036854775807\""),
                          HasSubstr("5 customer_tier: is \"\"; expected 1 to 128")));
}

absl::StatusOr<ImportBatch> PlanOf(const std::string& text, const CsvForm& form) {
  auto csv = CsvReader::FromText("t.csv", text, form);
  if (!csv.ok()) return csv.status();
  return MakeInferenceReports(*csv, {.source = "s", .window_nanos = kDay, .every_nanos = {}});
}

TEST(PlanInference, ReadsFilesOfSpreadsheets) {
  CsvForm form;
  const std::string text =
      "\xEF\xBB\xBFStart;Model;Requests;Input_Tokens;Output_Tokens;Revenue_USD\r\n"
      "2026-01-01;atlas;1200;500000;20000;1250,50\r\n";
  EXPECT_THAT(Refused(*PlanOf(text, form)),
              ElementsAre("2 revenue_usd: is \"1250,50\"; expected US dollars such as 12.50 or "
                          "1.25e1, without commas: --decimal-comma is for files that write 12,50 "
                          "for 12.50"));
  form.decimal_comma = true;
  const auto plan = PlanOf(text, form);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(Refused(*plan), IsEmpty());
  EXPECT_EQ(Outcome(*plan, 0).inference.at(0).requests, 1'200);
  EXPECT_EQ(RevenueOf(*plan), 1'250'500'000);
}

TEST(PlanInference, ReadsColumnsByOtherNamesAndPassesOverOthersWhenAsked) {
  CsvForm form;
  form.columns = {{"requests", "n_requests"}, {"model", "Model Name"}};
  const std::string text =
      "start,Model Name,n_requests,input_tokens,output_tokens,region,cost_usd\n"
      "2026-01-01,atlas,3,5,7,eu,1\n";
  EXPECT_FALSE(PlanOf(text, form).ok());
  form.ignore_unknown_columns = true;
  const auto plan = PlanOf(text, form);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(Outcome(*plan, 0).inference.at(0).model, "atlas");
  EXPECT_EQ(Outcome(*plan, 0).inference.at(0).requests, 3);
  form.columns = {{"requets", "n_requests"}};
  EXPECT_THAT(std::string(PlanOf(text, form).status().message()),
              HasSubstr("is to be read as \"requets\"; expected one of start, end, model"));
}

TEST(PlanInference, SaysWhatToDoAboutLatin1) {
  CsvForm form;
  const std::string text = std::string(kHeader) + "\n2026-01-01,Caf\xE9,pro,1,0,0\n";
  EXPECT_THAT(Refused(*PlanOf(text, form)), ElementsAre(HasSubstr("--encoding latin-1")));
  form.encoding = TextEncoding::kLatin1;
  EXPECT_EQ(Outcome(*PlanOf(text, form), 0).inference.at(0).model, "Caf\u00e9");
}

TEST(PlanInference, RefusesCostAndColumnsItDoesNotKnow) {
  EXPECT_THAT(std::string(Plan(std::string(kHeader) + ",cost_usd\n").status().message()),
              HasSubstr("chip-time"));
  EXPECT_THAT(std::string(Plan(std::string(kHeader) + ",revenue\n").status().message()),
              HasSubstr("column \"revenue\" is unknown"));
}

TEST(PlanInference, MakesNothingOfAFileWithoutRows) {
  const auto plan = Plan(std::string(kHeader) + "\n");
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->reports, IsEmpty());
  EXPECT_EQ(TotalsOf(*plan).from_unix_nanos, std::nullopt);
}

TEST(Decimal, IsExact) {
  EXPECT_EQ(Decimal(0, 6), "0");
  EXPECT_EQ(Decimal(1'250'000, 6), "1.25");
  EXPECT_EQ(Decimal(-1, 6), "-0.000001");
  EXPECT_EQ(Decimal(12, 0), "12");
  EXPECT_EQ(Decimal(absl::int128(INT64_MAX) * 10, 0), "92233720368547758070");
}

}  // namespace
}  // namespace fleetmeter::imports
