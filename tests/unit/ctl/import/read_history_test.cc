#include "daemon/ctl/import/read_benchmarks.h"
#include "daemon/ctl/import/read_inference.h"
#include "daemon/ctl/import/read_training.h"
#include "daemon/ctl/import/training_reports.h"
#include "gmock/gmock.h"

namespace fleetmeter::imports {
namespace {

using outcomes::PriceBook;
using outcomes::Segment;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kUsd = 1'000'000;
constexpr int64_t kNewYear2026 = 1'767'225'600;
constexpr int64_t kDay = 86'400;

CsvReader Csv(const std::string& text) { return *CsvReader::FromText("t.csv", text); }

absl::StatusOr<Rows<InferenceRow>> Inference(const std::string& text,
                                             const PriceBook& prices = PriceBook()) {
  CsvReader csv = Csv(text);
  return ReadInference(csv, prices);
}

constexpr char kHeader[] = "start,model,customer_tier,requests,input_tokens,output_tokens";

TEST(ReadInference, TakesRevenueOrPricesIt) {
  PriceBook prices(3);
  prices.Add("opus", "", {.input = 5 * kUsd, .cached_input = kUsd, .output = 25 * kUsd});
  const auto rows = Inference(std::string(kHeader) +
                                  ",cached_input_tokens,revenue_usd,cost_usd\n"
                                  "2026-01-01,opus,free,10,1000,100,,1.25,0.5\n"
                                  "2026-01-02T08:00:00Z,opus,free,10,1000,100,400,,\n"
                                  "2026-01-02,haiku,,3,5,6,,,\n"
                                  "2026-01-03,opus,free,0,0,0,,-2.5,\n",
                              prices);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_THAT(rows->refused, IsEmpty());
  ASSERT_EQ(rows->rows.size(), 4u);
  EXPECT_EQ(rows->rows[0].start_unix_seconds, kNewYear2026);
  EXPECT_EQ(rows->rows[0].sales.revenue_micro_usd, 1'250'000);
  EXPECT_EQ(rows->rows[0].sales.cost_micro_usd, 500'000);
  EXPECT_EQ(rows->rows[1].sales.revenue_micro_usd, 600 * 5 + 400 + 100 * 25);
  EXPECT_EQ(rows->rows[1].sales.cost_micro_usd, std::nullopt);
  EXPECT_EQ(rows->rows[2].sales.revenue_micro_usd, std::nullopt);  // no price: not 0
  EXPECT_EQ(rows->rows[3].sales.revenue_micro_usd, -2'500'000);    // a refund
}

TEST(ReadInference, RefusesRowsWithLineAndReasonAndGoesOn) {
  const auto rows = Inference(std::string(kHeader) +
                              ",cached_input_tokens\n"
                              "yesterday,opus,free,1,2,3,\n"
                              "2026-01-01,,free,1,2,3,\n"
                              "2026-01-01,opus,free,-1,2,3,\n"
                              "2026-01-01,opus,free,1.5,2,3,\n"
                              "2026-01-01,opus,free,1,2,3,4\n"
                              "2026-01-01,opus,free,1,2,3,2\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->rows.size(), 1u);
  std::vector<std::string> reasons;
  for (const RefusedRow& row : rows->refused) {
    reasons.push_back(std::to_string(row.line) + " " + row.reason);
  }
  EXPECT_THAT(
      reasons,
      ElementsAre(
          "2 start: is \"yesterday\"; expected a date such as 2026-01-31, a time such as "
          "2026-01-31T08:00:00Z, or seconds since 1970; years 1970 to 2199",
          "3 model: is \"\"; expected 1 to 128 bytes of text",
          "4 requests: is \"-1\"; expected a whole number from 0 to 9223372036854775807",
          "5 requests: is \"1.5\"; expected a whole number from 0 to 9223372036854775807",
          "6 cached_input_tokens: is \"4\"; expected at most input_tokens, of which they are a "
          "part"));
}

TEST(ReadInference, RefusesALineThatIsCutShortAndReadsTheRest) {
  const auto rows = Inference(std::string(kHeader) +
                              "\n2026-01-01,opus,free,5,0,0\n"
                              "2026-01-02,opus,free,5\n"
                              "2026-01-03,opus,free,5,0,0\n");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->rows.size(), 2u);
  ASSERT_EQ(rows->refused.size(), 1u);
  EXPECT_EQ(rows->refused[0].line, 3);
  EXPECT_EQ(rows->refused[0].reason, "4 fields; expected 6 as in the header");
}

TEST(ReadInference, CountsNoWindowTwice) {
  const auto rows = Inference(std::string(kHeader) +
                              "\n2026-01-01,opus,free,5,0,0\n"
                              "2026-01-01,opus,pro,5,0,0\n"
                              "2026-01-01T00:00:00Z,opus,free,5,0,0\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->rows.size(), 2u);
  ASSERT_EQ(rows->refused.size(), 1u);
  EXPECT_THAT(rows->refused[0].reason, HasSubstr("line 2 says what this model"));
}

TEST(ReadInference, RefusesAFileWithColumnsMissingOrMisspelt) {
  EXPECT_THAT(std::string(Inference("start,model\n").status().message()),
              HasSubstr("column customer_tier is missing"));
  EXPECT_THAT(std::string(Inference(std::string(kHeader) + ",revenue\n").status().message()),
              HasSubstr("column \"revenue\" is unknown"));
}

TEST(PeriodOf, AddsUpWhatLiesInIt) {
  const auto rows = Inference(std::string(kHeader) +
                              ",revenue_usd,cost_usd\n"
                              "2025-12-31,opus,free,1,10,1,1,0.1\n"
                              "2026-01-01,opus,free,2,20,2,2,0.2\n"
                              "2026-01-02,opus,free,4,40,4,4,\n"
                              "2026-01-03,opus,free,8,80,8,8,0.8\n");
  ASSERT_TRUE(rows.ok());
  const auto period = PeriodOf(rows->rows, kNewYear2026, kNewYear2026 + 2 * kDay);
  ASSERT_TRUE(period.ok());
  const outcomes::Sales& sales = period->at({"opus", "free"});
  EXPECT_EQ(sales.requests, 6);
  EXPECT_EQ(sales.input_tokens, 60);
  EXPECT_EQ(sales.revenue_micro_usd, 6 * kUsd);
  EXPECT_EQ(sales.cost_micro_usd, std::nullopt);  // a day of it is not known
}

// Invoices of months, as Europe writes them: February's 28 days, of which two weeks lie in the
// span.
TEST(PeriodOf, SharesWindowsByTimeAndNamesDaysByTheirOwnClock) {
  const auto rows = Inference(std::string(kHeader) +
                              ",revenue_usd,cost_usd\n"
                              "2026-01-01T00:00:00+01:00,opus,free,31,310,31,31,3.1\n"
                              "2026-02-01T00:00:00+01:00,opus,free,56,560,56,56,5.6\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->rows[1].start_unix_seconds, kNewYear2026 + 31 * kDay);
  EXPECT_EQ(rows->rows[1].end_unix_seconds, kNewYear2026 + 59 * kDay);
  const auto period = PeriodOf(rows->rows, kNewYear2026 + 30 * kDay, kNewYear2026 + 45 * kDay);
  ASSERT_TRUE(period.ok());
  const outcomes::Sales& sales = period->at({"opus", "free"});
  EXPECT_EQ(sales.requests, 1 + 28);
  EXPECT_EQ(sales.revenue_micro_usd, 29 * kUsd);
  EXPECT_EQ(sales.cost_micro_usd, 29 * kUsd / 10);
  const auto none = PeriodOf(rows->rows, kNewYear2026 + 59 * kDay, kNewYear2026 + 90 * kDay);
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->empty());
}

// The same months, by the zone of the file.
TEST(PeriodOf, NamesDaysByTheTimeZoneOfTheFile) {
  CsvForm form;
  absl::TimeZone berlin;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin));
  form.time_zone = berlin;
  CsvReader csv = *CsvReader::FromText("t.csv",
                                       std::string(kHeader) +
                                           ",revenue_usd,cost_usd\n"
                                           "2026-03-01,opus,free,31,310,31,31,3.1\n"
                                           "2026-04-01 00:00:00,opus,free,30,300,30,30,3\n",
                                       form);
  const auto rows = ReadInference(csv, PriceBook());
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->rows.size(), 2u);
  EXPECT_EQ(rows->rows[0].start_unix_seconds, kNewYear2026 + 59 * kDay);
  EXPECT_EQ(rows->rows[0].end_unix_seconds, kNewYear2026 + 90 * kDay);
  EXPECT_EQ(rows->rows[1].start_unix_seconds, kNewYear2026 + 90 * kDay);
  EXPECT_EQ(rows->rows[1].end_unix_seconds, kNewYear2026 + 120 * kDay);
}

TEST(PeriodOf, LosesNoMicroDollarToRounding) {
  std::string text = std::string(kHeader) + ",revenue_usd,cost_usd\n";
  for (int i = 0; i < 50; ++i) {
    text += "2026-01-01 00:00:" + std::to_string(10 + i) + ",opus,free,1,1,1,3e-7,1.7e-6\n";
  }
  const auto rows = Inference(text);
  ASSERT_TRUE(rows.ok()) << rows.status();
  const auto period = PeriodOf(rows->rows, kNewYear2026, kNewYear2026 + kDay);
  ASSERT_TRUE(period.ok());
  EXPECT_EQ(period->at({"opus", "free"}).revenue_micro_usd, 15);
  EXPECT_EQ(period->at({"opus", "free"}).cost_micro_usd, 85);
}

TEST(PeriodOf, RefusesSumsThatLeave64Bits) {
  const auto rows = Inference(std::string(kHeader) +
                              "\n2026-01-01,opus,free,9000000000000000000,0,0\n"
                              "2026-01-02,opus,free,9000000000000000000,0,0\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(PeriodOf(rows->rows, 0, kNewYear2026 + 2 * kDay).status().code(),
            absl::StatusCode::kOutOfRange);
}

outcomes::BenchmarkSuite Suite() {
  outcomes::BenchmarkSuite suite;
  suite.name = "test";
  suite.benchmarks = {{.name = "mmlu", .floor = 0.25}, {.name = "gpqa", .floor = 0.25}};
  suite.columns = {{"mmlu", "MMLU"}, {"gpqa", "GPQA"}};
  return suite;
}

TEST(ReadBenchmarks, ReadsAResultARow) {
  CsvReader csv =
      Csv("model,date,family,benchmark,score,source\n"
          "opus,2026-02-05,opus,mmlu,0.9,card\n"
          "opus,2026-02-05,opus,chess,0.9,card\n"
          "opus,,opus,gpqa,0.5,card\n"
          "opus,2026-04-01,opus,gpqa,high,card\n");
  const auto rows = ReadBenchmarks(csv, Suite(), {});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->rows.size(), 1u);
  const outcomes::Result& result = rows->rows[0].front();
  EXPECT_EQ(result.benchmark, "mmlu");
  EXPECT_EQ(result.family, "opus");
  EXPECT_EQ(outcomes::QuarterName(result.quarter), "2026-Q1");
  ASSERT_EQ(rows->refused.size(), 3u);
  EXPECT_EQ(rows->refused[0].reason, "benchmark: is \"chess\"; expected one of suite test");
  EXPECT_EQ(rows->refused[2].reason, "score: is \"high\"; expected a number");
}

TEST(ReadBenchmarks, RefusesScoresOfAnotherUnit) {
  CsvReader csv =
      Csv("model,date,MMLU,GPQA\na,2026-01-01,85,\nb,2026-01-01,0.2,-3\nc,2026-01-01,0.2,1\n");
  const auto rows = ReadBenchmarks(csv, Suite(), {});
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->refused.size(), 2u);
  EXPECT_EQ(
      rows->refused[0].reason,
      "MMLU: is \"85\"; expected a score from floor 0.25 to ceiling 1, as the suite has them; it "
      "would be 0.85 there");
  EXPECT_EQ(rows->rows.size(), 1u);
}

TEST(ReadBenchmarks, ReadsPercentagesAsTheSuiteHasThem) {
  outcomes::BenchmarkSuite suite = Suite();
  suite.benchmarks[1] = {.name = "gpqa", .floor = 25, .ceiling = 100};
  CsvReader csv = Csv("model,date,MMLU,GPQA\na,2026-01-01,70.5%,70.5%\nb,2026-01-01,x%,\n");
  const auto rows = ReadBenchmarks(csv, suite, {});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->rows.size(), 1u);
  std::map<std::string, double> scores;
  for (const outcomes::Result& result : rows->rows[0]) scores[result.benchmark] = result.score;
  EXPECT_DOUBLE_EQ(scores["mmlu"], 0.705);
  EXPECT_DOUBLE_EQ(scores["gpqa"], 70.5);
  ASSERT_EQ(rows->refused.size(), 1u);
  EXPECT_EQ(rows->refused[0].reason, "MMLU: is \"x%\"; expected a number");
}

outcomes::BenchmarkSuite PercentSuite() {
  outcomes::BenchmarkSuite suite;
  suite.name = "percent";
  suite.benchmarks = {{.name = "aime", .floor = 0, .ceiling = 100},
                      {.name = "elo", .floor = 800, .ceiling = 2'000},
                      {.name = "mmlu", .floor = 25, .ceiling = 100}};
  suite.columns = {{"aime", "AIME"}, {"elo", "Elo"}, {"mmlu", "MMLU"}};
  return suite;
}

std::vector<std::string> RefusedScores(const std::string& text) {
  CsvReader csv = Csv(text);
  const auto rows = ReadBenchmarks(csv, PercentSuite(), {});
  EXPECT_TRUE(rows.ok()) << rows.status();
  std::vector<std::string> reasons;
  for (const RefusedRow& row : rows->refused) {
    reasons.push_back(std::to_string(row.line) + " " + row.reason);
  }
  return reasons;
}

TEST(ReadBenchmarks, RefusesFractionsInASuiteOfPercent) {
  EXPECT_THAT(RefusedScores("model,date,MMLU,AIME\n"
                            "m1,2025-01-10,60.1,20.0\n"
                            "m2,2025-04-10,70.5,40.0\n"
                            "m3,2025-07-10,0.805,0.60\n"
                            "m4,2025-07-10,,0.60\n"),
              ElementsAre("4 MMLU: is \"0.805\"; expected a score from floor 25 to ceiling 100, as "
                          "the suite has them; it would be 80.5 there",
                          "5 aime: is 0.6, of 100; expected 60, or 0.6% with a percent sign if so "
                          "little is meant: the model has no score above 1"));
}

TEST(ReadBenchmarks, TakesSmallPercentagesWhereTheUnitIsKnown) {
  EXPECT_THAT(RefusedScores("model,date,MMLU,AIME,Elo\n"
                            "a,2025-01-10,60.1,0.4,1200\n"
                            "b,2025-01-10,,0.4%,\n"
                            "c,2025-01-10,,0,\n"
                            "d,2025-01-10,20,,1200\n"),
              IsEmpty());
  // By another row of the same model.
  EXPECT_THAT(RefusedScores("model,date,benchmark,score\n"
                            "a,2025-01-10,aime,0.4\n"
                            "a,2025-01-10,mmlu,60\n"
                            "b,2025-01-10,aime,0.4\n"),
              ElementsAre(HasSubstr("4 aime: is 0.4, of 100; expected 40")));
}

TEST(ReadBenchmarks, ReadsAModelARowAndLeavesOutWhatIsMissing) {
  CsvReader csv =
      Csv("System,Date,MMLU,GPQA,Notes\n"
          "a,2024-03-04,0.868,,\"two\nlines\"\n"
          "b,,,,\n"
          "c,,0.5,,\n");
  const auto rows = ReadBenchmarks(csv, Suite(), {.model = "System", .date = "Date"});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->rows.size(), 2u);
  ASSERT_EQ(rows->rows[0].size(), 1u);
  EXPECT_EQ(rows->rows[0].front().score, 0.868);
  EXPECT_THAT(rows->rows[1], IsEmpty());  // no scores: nothing to date
  ASSERT_EQ(rows->refused.size(), 1u);
  EXPECT_THAT(rows->refused[0].reason, HasSubstr("Date: is \"\"; expected a date"));
}

TEST(ReadBenchmarks, RefusesAFileWithoutAnyBenchmark) {
  CsvReader csv = Csv("model,date,Elo\n");
  EXPECT_THAT(std::string(ReadBenchmarks(csv, Suite(), {}).status().message()),
              HasSubstr("none of the columns benchmark, GPQA, MMLU is there"));
}

TEST(ReadBenchmarks, DatesAreDaysOfTheSource) {
  absl::TimeZone berlin;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin));
  CsvForm form;
  form.time_zone = berlin;
  CsvReader csv = *CsvReader::FromText(
      "t.csv", "model,date,MMLU\na,2026-04-01,0.5\nb,1999-12-31 00:30:00,0.5\n", form);
  const auto rows = ReadBenchmarkRows(csv, Suite(), {});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->rows.size(), 2u);
  EXPECT_EQ(rows->rows[0].results.at(0).date_unix_seconds, kNewYear2026 + 90 * kDay);
  EXPECT_EQ(rows->rows[1].results.at(0).date_unix_seconds, 946'598'400);
}

TEST(ReadBenchmarks, ReadsColumnsByOtherNames) {
  CsvForm form;
  form.columns = {{"model", "System"}, {"MMLU", "mmlu_5shot"}};
  CsvReader csv = *CsvReader::FromText("t.csv", "System,date,mmlu_5shot\na,2026-01-01,0.5\n", form);
  const auto rows = ReadBenchmarks(csv, Suite(), {});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->rows.at(0).at(0).score, 0.5);
  form.columns = {{"modle", "System"}};
  CsvReader wrong = *CsvReader::FromText("t.csv", "System,date\n", form);
  EXPECT_THAT(std::string(ReadBenchmarks(wrong, Suite(), {}).status().message()),
              HasSubstr("is to be read as \"modle\"; expected one of model, date"));
}

TEST(ReadTraining, MakesHoursOfFlopByTheFrameworksRule) {
  framework::Training rule;
  rule.peak_flops = 990e12;
  rule.mfu = 0.5;
  const std::string text =
      "model,date,flop\nopus-4,2025-05-22,1.5e26\nx,2025-05-22,\ny,2025-05-22,-1\n";
  CsvReader csv = Csv(text);
  const auto rows = ReadTraining(csv, {}, "flop", rule);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->rows.size(), 1u);
  EXPECT_NEAR(rows->rows[0].h100e_hours, 84'175'084, 0.5);
  EXPECT_EQ(rows->refused.size(), 1u);
  CsvReader huge = Csv("model,date,h100e_hours\nx,2025-05-22,1e300\n");
  EXPECT_THAT(ReadTraining(huge, {}, "flop", rule)->refused[0].reason,
              HasSubstr("expected 0 to 1e15 H100e-hours"));
  EXPECT_THAT(HoursByQuarter(rows->rows), ElementsAre(testing::Pair(2025 * 4 + 1, testing::_)));

  CsvReader without = Csv(text);
  const auto no_rule = ReadTraining(without, {}, "flop", std::nullopt);
  ASSERT_TRUE(no_rule.ok());
  EXPECT_THAT(no_rule->refused[0].reason, HasSubstr("expected h100e_hours, or a framework"));
}

// 100 hours of 20 days, of which 5 lie in the next quarter; an import cuts the same run alike.
TEST(ReadTraining, ARunOverTwoQuartersCountsForBothByTime) {
  const std::string text =
      "model,start,end,h100e_hours\n"
      "a,2026-03-17,2026-04-06,100\n"
      "e,2026-03-31T23:00:00Z,2026-04-01T02:00:00Z,0.001\n"
      "b,2026-03-31,,7\n"
      "c,2026-03-31,2026-03-30,7\n"
      "d,2026-03-31,2027-04-30,7\n";
  CsvReader csv = Csv(text);
  const auto rows = ReadTraining(csv, {}, "flop", std::nullopt);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->rows.size(), 3u);
  ASSERT_EQ(rows->refused.size(), 2u);
  EXPECT_THAT(rows->refused[0].reason, HasSubstr("expected a time after the row's start"));
  EXPECT_THAT(rows->refused[1].reason, HasSubstr("at most 366 days"));
  const auto quarters = HoursByQuarter(rows->rows);
  ASSERT_EQ(quarters.size(), 2u);
  EXPECT_DOUBLE_EQ(quarters.at(2026 * 4), 75 + 7 + 1.0 / 3'600) << "1 of 4 seconds, rounded down";
  EXPECT_DOUBLE_EQ(quarters.at(2026 * 4 + 1), 25 + 3.0 / 3'600);
  EXPECT_DOUBLE_EQ(HoursByModel(rows->rows, 2026 * 4).at("a"), 75);
  EXPECT_DOUBLE_EQ(HoursByModel(rows->rows, 2026 * 4 + 1).at("a"), 100);
  // The reports that an import makes of the file.
  CsvReader again = Csv(text);
  const auto batch = MakeTrainingReports(again, TrainingRules());
  ASSERT_TRUE(batch.ok());
  std::map<int64_t, int64_t> seconds;
  for (const ImportReport& report : batch->reports) {
    const auto& outcome = std::get<OutcomeReport>(report.report);
    ASSERT_EQ(outcome.training.size(), 1u);
    seconds[QuarterAt(outcome.window_start_unix_nanos / kSecond)] +=
        outcome.training[0].h100e_seconds;
  }
  EXPECT_EQ(seconds.size(), 2u);
  for (const auto& [quarter, of_quarter] : seconds) {
    EXPECT_DOUBLE_EQ(quarters.at(quarter), static_cast<double>(of_quarter) / 3'600) << quarter;
  }
}

TEST(QuarterAt, FollowsTheCalendar) {
  EXPECT_EQ(QuarterAt(kNewYear2026), 2026 * 4);
  EXPECT_EQ(QuarterAt(kNewYear2026 - 1), 2025 * 4 + 3);
}

}  // namespace
}  // namespace fleetmeter::imports
