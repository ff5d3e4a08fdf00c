#include "daemon/ctl/import/read_inference.h"

#include "gmock/gmock.h"

namespace fleetmeter::imports {
namespace {

using outcomes::PriceBook;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kUsd = 1'000'000;
constexpr int64_t kJanuary2026 = 1'767'225'600;
constexpr int64_t kOneDay = 86'400;

CsvReader SalesCsv(const std::string& text) { return *CsvReader::FromText("t.csv", text); }

absl::StatusOr<Rows<InferenceRow>> Inference(const std::string& text,
                                             const PriceBook& prices = PriceBook()) {
  CsvReader csv = SalesCsv(text);
  return ReadInference(csv, prices);
}

constexpr char kColumns[] = "start,model,customer_tier,requests,input_tokens,output_tokens";

TEST(ReadInference, TakesRevenueOrPricesIt) {
  PriceBook prices(3);
  prices.Add("opus", "", {.input = 5 * kUsd, .cached_input = kUsd, .output = 25 * kUsd});
  const auto rows = Inference(std::string(kColumns) +
                                  ",cached_input_tokens,revenue_usd,cost_usd\n"
                                  "2026-01-01,opus,free,10,1000,100,,1.25,0.5\n"
                                  "2026-01-02T08:00:00Z,opus,free,10,1000,100,400,,\n"
                                  "2026-01-02,haiku,,3,5,6,,,\n"
                                  "2026-01-03,opus,free,0,0,0,,-2.5,\n",
                              prices);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_THAT(rows->refused, IsEmpty());
  ASSERT_EQ(rows->rows.size(), 4u);
  EXPECT_EQ(rows->rows[0].start_unix_seconds, kJanuary2026);
  EXPECT_EQ(rows->rows[0].sales.revenue_micro_usd, 1'250'000);
  EXPECT_EQ(rows->rows[0].sales.cost_micro_usd, 500'000);
  EXPECT_EQ(rows->rows[1].sales.revenue_micro_usd, 600 * 5 + 400 + 100 * 25);
  EXPECT_EQ(rows->rows[1].sales.cost_micro_usd, std::nullopt);
  EXPECT_EQ(rows->rows[2].sales.revenue_micro_usd, std::nullopt);  // no price: not 0
  EXPECT_EQ(rows->rows[3].sales.revenue_micro_usd, -2'500'000);    // a refund
}

TEST(ReadInference, RefusesRowsWithLineAndReasonAndGoesOn) {
  const auto rows = Inference(std::string(kColumns) +
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
  const auto rows = Inference(std::string(kColumns) +
                              "\n2026-01-01,opus,free,5,0,0\n"
                              "2026-01-02,opus,free,5\n"
                              "2026-01-02,opus,free,5,0,0\n");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->rows.size(), 2u);
  ASSERT_EQ(rows->refused.size(), 1u);
  EXPECT_EQ(rows->refused[0].line, 3);
  EXPECT_EQ(rows->refused[0].reason, "4 fields; expected 6 as in the header");
}

TEST(ReadInference, CountsNoWindowTwice) {
  const auto rows = Inference(std::string(kColumns) +
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
  EXPECT_THAT(std::string(Inference(std::string(kColumns) + ",revenue\n").status().message()),
              HasSubstr("column \"revenue\" is unknown"));
}

TEST(PeriodOf, AddsUpWhatLiesInIt) {
  const auto rows = Inference(std::string(kColumns) +
                              ",revenue_usd,cost_usd\n"
                              "2025-12-31,opus,free,1,10,1,1,0.1\n"
                              "2026-01-01,opus,free,2,20,2,2,0.2\n"
                              "2026-01-02,opus,free,4,40,4,4,\n"
                              "2026-01-03,opus,free,8,80,8,8,0.8\n");
  ASSERT_TRUE(rows.ok());
  const auto period = PeriodOf(rows->rows, kJanuary2026, kJanuary2026 + 2 * kOneDay);
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
  const auto rows = Inference(std::string(kColumns) +
                              ",revenue_usd,cost_usd\n"
                              "2026-01-01T00:00:00+01:00,opus,free,31,310,31,31,3.1\n"
                              "2026-02-01T00:00:00+01:00,opus,free,56,560,56,56,5.6\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->rows[1].start_unix_seconds, kJanuary2026 + 31 * kOneDay);
  EXPECT_EQ(rows->rows[1].end_unix_seconds, kJanuary2026 + 59 * kOneDay);
  const auto period =
      PeriodOf(rows->rows, kJanuary2026 + 30 * kOneDay, kJanuary2026 + 45 * kOneDay);
  ASSERT_TRUE(period.ok());
  const outcomes::Sales& sales = period->at({"opus", "free"});
  EXPECT_EQ(sales.requests, 1 + 28);
  EXPECT_EQ(sales.revenue_micro_usd, 29 * kUsd);
  EXPECT_EQ(sales.cost_micro_usd, 29 * kUsd / 10);
  const auto none = PeriodOf(rows->rows, kJanuary2026 + 59 * kOneDay, kJanuary2026 + 90 * kOneDay);
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
                                       std::string(kColumns) +
                                           ",revenue_usd,cost_usd\n"
                                           "2026-03-01,opus,free,31,310,31,31,3.1\n"
                                           "2026-04-01 00:00:00,opus,free,30,300,30,30,3\n",
                                       form);
  const auto rows = ReadInference(csv, PriceBook());
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->rows.size(), 2u);
  EXPECT_EQ(rows->rows[0].start_unix_seconds, kJanuary2026 + 59 * kOneDay);
  EXPECT_EQ(rows->rows[0].end_unix_seconds, kJanuary2026 + 90 * kOneDay);
  EXPECT_EQ(rows->rows[1].start_unix_seconds, kJanuary2026 + 90 * kOneDay);
  EXPECT_EQ(rows->rows[1].end_unix_seconds, kJanuary2026 + 120 * kOneDay);
}

// January at one price and February at another, in windows of a fortnight, one of which has days of
// both.
TEST(PeriodOf, EachDayOfAWindowHasItsPrice) {
  PriceBook prices(1);
  prices.Add("opus", "", {.effective_from_unix_seconds = kJanuary2026, .input = 1'000'000});
  prices.Add("opus", "",
             {.effective_from_unix_seconds = kJanuary2026 + 31 * kOneDay, .input = 3'000'000});
  CsvReader csv = *CsvReader::FromText("t.csv", std::string(kColumns) +
                                                    "\n2026-01-11,opus,free,14,14000000,0\n"
                                                    "2026-01-25,opus,free,14,14000000,0\n");
  const auto rows = ReadInference(csv, prices);
  ASSERT_TRUE(rows.ok()) << rows.status();
  const auto all = PeriodOf(rows->rows, kJanuary2026, kJanuary2026 + 59 * kOneDay);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->at({"opus", "free"}).requests, 28);
  // 14 days of $1, 7 of $1 and 7 of $3.
  EXPECT_EQ(all->at({"opus", "free"}).revenue_micro_usd, 42 * kUsd);
  const auto january = PeriodOf(rows->rows, kJanuary2026, kJanuary2026 + 31 * kOneDay);
  ASSERT_TRUE(january.ok()) << january.status();
  EXPECT_EQ(january->at({"opus", "free"}).revenue_micro_usd, 21 * kUsd);
  EXPECT_EQ(january->at({"opus", "free"}).requests, 21);
}

TEST(PeriodOf, LosesNoMicroDollarToRounding) {
  std::string text = std::string(kColumns) + ",revenue_usd,cost_usd\n";
  for (int i = 0; i < 50; ++i) {
    text += "2026-01-01 00:00:" + std::to_string(10 + i) + ",opus,free,1,1,1,3e-7,1.7e-6\n";
  }
  const auto rows = Inference(text);
  ASSERT_TRUE(rows.ok()) << rows.status();
  const auto period = PeriodOf(rows->rows, kJanuary2026, kJanuary2026 + kOneDay);
  ASSERT_TRUE(period.ok());
  EXPECT_EQ(period->at({"opus", "free"}).revenue_micro_usd, 15);
  EXPECT_EQ(period->at({"opus", "free"}).cost_micro_usd, 85);
}

TEST(PeriodOf, RefusesSumsThatLeave64Bits) {
  const auto rows = Inference(std::string(kColumns) +
                              "\n2026-01-01,opus,free,9000000000000000000,0,0\n"
                              "2026-01-02,opus,free,9000000000000000000,0,0\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(PeriodOf(rows->rows, 0, kJanuary2026 + 2 * kOneDay).status().code(),
            absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace fleetmeter::imports
