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

constexpr char kSalesHeader[] = "start,model,customer_tier,requests,input_tokens,output_tokens";

absl::StatusOr<ImportBatch> PlanSales(const std::string& text, InferenceRules rules = {}) {
  CsvReader csv = Csv(text);
  rules.source = "billing";
  return MakeInferenceReports(csv, rules);
}

TEST(PlanInference, MakesAReportOfEachStartThatEndsWhereTheNextBegins) {
  const auto plan = PlanSales(std::string(kSalesHeader) +
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

TEST(PlanInference, PutsRequestsIntoAlignedWindowsAndAddsThemUp) {
  const auto plan = PlanSales(std::string(kSalesHeader) +
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
  const auto plan = PlanSales(std::string(kSalesHeader) +
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
  std::string text = std::string(kSalesHeader) + ",revenue_usd\n";
  for (int i = 0; i < 3'000; ++i) {
    text += fmt::format("2026-01-01 {:02}:{:02}:{:02},opus,pro,1,1,1,{}\n", i / 200, i % 60,
                        i * 7 % 60, i % 2 == 0 ? "2e-7" : "0.0000016");
  }
  // 1500 x 0.2 + 1500 x 1.6 micro-dollars.
  for (const int64_t every : {kSecond, kMinute, kHour, kDay}) {
    const auto plan = PlanSales(text, {.source = "", .window_nanos = {}, .every_nanos = every});
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(RevenueOf(*plan), 2'700) << every;
  }
}

// A file that is copied while it is written ends within a line.
TEST(PlanInference, RefusesALineThatIsCutShortAndReadsTheRest) {
  const auto plan = PlanSales(std::string(kSalesHeader) +
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
  const auto plan = PlanSales(std::string(kSalesHeader) +
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
  const auto plan = PlanSales(std::string(kSalesHeader) +
                                  ",revenue_usd\n"
                                  "2026-01-01,opus,pro,1,10,1,\n"
                                  "2026-01-01,opus,pro,2,20,2,5\n"
                                  "2026-01-01,opus,free,4,40,4,\n"
                                  "2026-01-01,haiku,pro,8,80,8,1\n"
                                  "2026-01-01,haiku,pro,8,80,8,-2\n",
                              {.source = "", .window_nanos = kDay, .every_nanos = {}});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 1u);
  ASSERT_EQ(Outcome(*plan, 0).inference.size(), 3u);
  EXPECT_EQ(Outcome(*plan, 0).inference[0].requests, 16);
  EXPECT_EQ(Outcome(*plan, 0).inference[0].revenue_micro_usd, -1'000'000);
  EXPECT_EQ(Outcome(*plan, 0).inference[1].requests, 4);
  EXPECT_EQ(Outcome(*plan, 0).inference[2].requests, 2);
  EXPECT_EQ(plan->reports[0].lines.Text(), "3-6");
  EXPECT_THAT(Refused(*plan),
              ElementsAre(HasSubstr("2 revenue_usd: is \"\"; expected one as on line 3")));
}

// Refunds and reversals, as billing systems write them.
TEST(PlanInference, AddsUpWhatRowsTakeBack) {
  const auto plan = PlanSales(std::string(kSalesHeader) +
                                  ",revenue_usd\n"
                                  "2026-04-01,atlas,pro,1000,5000,500,5000.00\n"
                                  "2026-04-01,atlas,pro,-400,-2000,-200,-2000.00\n"
                                  "2026-04-01,atlas,pro,0,0,0,(150.00)\n",
                              {.source = "", .window_nanos = kDay, .every_nanos = {}});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 1u);
  const InferenceRow& row = Outcome(*plan, 0).inference.at(0);
  EXPECT_EQ(row.requests, 600);
  EXPECT_EQ(row.input_tokens, 3'000);
  EXPECT_EQ(row.output_tokens, 300);
  EXPECT_EQ(row.revenue_micro_usd, 2'850'000'000);
  EXPECT_THAT(plan->refused, IsEmpty());
}

TEST(PlanInference, TakesBackMoreThanThereIsOnlyInCorrections) {
  const std::string text =
      std::string(kSalesHeader) + ",revenue_usd\n2026-04-01,atlas,pro,-4,-20,-2,-9\n";
  InferenceRules rules{.source = "", .window_nanos = kDay, .every_nanos = {}};
  const auto refused = PlanSales(text, rules);
  ASSERT_TRUE(refused.ok());
  EXPECT_THAT(Refused(*refused), ElementsAre(HasSubstr("imported with --correct --add")));
  rules.corrects = true;
  const auto plan = PlanSales(text, rules);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(Outcome(*plan, 0).inference.at(0).requests, -4);
}

TEST(PlanInference, RefusesWindowsWithTooManySegments) {
  std::string text = std::string(kSalesHeader) + "\n";
  for (size_t i = 0; i <= kMostRows; ++i) {
    text += "2026-01-01,opus,t" + std::to_string(i) + ",1,0,0\n";
  }
  text += "2026-01-02,opus,t,1,0,0\n";
  const auto plan = PlanSales(text);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->reports.size(), 1u);
  ASSERT_EQ(plan->refused.size(), kMostRows + 1);
  EXPECT_THAT(plan->refused[0].reason, HasSubstr("16385 models, customer tiers"));
}

TEST(PlanInference, RefusesAmountsThatTheDaemonWouldNotTake) {
  const auto plan = PlanSales(std::string(kSalesHeader) +
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

// 1.234 was read as a thousandth of what a German spreadsheet means.
TEST(PlanInference, PointsBetweenThousandsAreNoDecimals) {
  CsvForm form;
  form.decimal_comma = true;
  const auto rows = [&](const std::string& requests, const std::string& revenue) {
    return *PlanOf(
        "start;model;requests;input_tokens;output_tokens;revenue_usd\n2026-01-01;atlas;" +
            requests + ";0;0;" + revenue + "\n",
        form);
  };
  const auto plan = rows("1.000", "1.234");
  ASSERT_THAT(Refused(plan), IsEmpty());
  EXPECT_EQ(Outcome(plan, 0).inference.at(0).requests, 1'000);
  EXPECT_EQ(RevenueOf(plan), 1'234'000'000);
  EXPECT_EQ(RevenueOf(rows("1.234.567", "-1.234.567,25")), -1'234'567'250'000);
  EXPECT_EQ(RevenueOf(rows("1", "(1.234,5)")), -1'234'500'000);
  EXPECT_EQ(RevenueOf(rows("1", "1,5e-3")), 1'500);
  // Whoever writes these means something else than the flag says.
  for (const std::string wrong : {"12.50", "0.125", "1.2345", "1.23.456", "1234.567", "1,234.5",
                                  ".5", "5.", "1.234.", "1.5e3", "1.e00"}) {
    EXPECT_THAT(Refused(rows("1", wrong)),
                ElementsAre(HasSubstr("points stand between thousands only, as in 1.234,50")))
        << wrong;
  }
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
  const std::string text = std::string(kSalesHeader) + "\n2026-01-01,Caf\xE9,pro,1,0,0\n";
  EXPECT_THAT(Refused(*PlanOf(text, form)), ElementsAre(HasSubstr("--encoding latin-1")));
  form.encoding = TextEncoding::kLatin1;
  EXPECT_EQ(Outcome(*PlanOf(text, form), 0).inference.at(0).model, "Caf\u00e9");
}

TEST(PlanInference, RefusesCostAndColumnsItDoesNotKnow) {
  EXPECT_THAT(std::string(PlanSales(std::string(kSalesHeader) + ",cost_usd\n").status().message()),
              HasSubstr("chip-time"));
  EXPECT_THAT(std::string(PlanSales(std::string(kSalesHeader) + ",revenue\n").status().message()),
              HasSubstr("column \"revenue\" is unknown"));
}

TEST(PlanInference, MakesNothingOfAFileWithoutRows) {
  const auto plan = PlanSales(std::string(kSalesHeader) + "\n");
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
