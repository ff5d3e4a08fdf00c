// What a reprice books: differences of what a price book priced, and of what none could.
#include "daemon/accounting/reprice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kFirstDay = 1'767'225'600;  // 2026-01-01
constexpr int64_t kDayLength = 86'400;

// $5 a million in, $25 out.
outcomes::PriceBook Prices(uint32_t version, int64_t input = 5'000'000,
                           const std::string& model = "nova") {
  outcomes::PriceBook prices(version);
  prices.Add(model, "",
             {.effective_from_unix_seconds = 0,
              .input = input,
              .cached_input = input / 10,
              .output = 25'000'000});
  return prices;
}

// A million tokens in and 100,000 out: $7.50 by Prices.
InferenceDay Day(uint32_t version, int64_t revenue, bool unpriced = false) {
  InferenceDay day;
  day.day_start = kFirstDay;
  day.source = "gw";
  day.row.model = "nova";
  day.row.customer_tier = "pro";
  day.row.price_book_version = version;
  day.row.unpriced = unpriced;
  day.row.amounts = {.requests = 100,
                     .unpriced_requests = unpriced ? 100 : 0,
                     .input_tokens = 1'000'000,
                     .cached_input_tokens = 0,
                     .output_tokens = 100'000,
                     .revenue_micro_usd = revenue};
  return day;
}

// As the books have it afterwards.
void Book(const RepriceResult& result, int64_t number, std::vector<InferenceDay>* booked) {
  for (const RepricedDay& repriced : result.days) {
    InferenceDay day;
    day.day_start = repriced.day_start;
    day.source = repriced.source;
    day.row = repriced.row;
    day.corrects = true;
    day.reprice_number = number;
    booked->push_back(day);
  }
}

TEST(Reprice, PricesWhatWasUnpriced) {
  const auto result = Reprice({Day(0, 0, /*unpriced=*/true)}, Prices(1));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->revenue_micro_usd, 7'500'000);
  EXPECT_EQ(result->priced_requests, 100);
  EXPECT_EQ(result->old_price_book_version, 0);
  ASSERT_THAT(result->days, SizeIs(1));
  EXPECT_EQ(result->days[0].row.amounts.unpriced_requests, -100);
  EXPECT_EQ(result->days[0].row.amounts.input_tokens, 0);
  EXPECT_EQ(result->days[0].row.price_book_version, 1U);
}

TEST(Reprice, BooksOnlyTheDifferenceToAnOlderPrice) {
  const auto result = Reprice({Day(1, 7'500'000)}, Prices(2, 4'000'000));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->revenue_micro_usd, -1'000'000);
  EXPECT_EQ(result->priced_requests, 0);
  EXPECT_EQ(result->old_price_book_version, 1);
}

TEST(Reprice, LeavesRevenueThatReportsBrought) {
  const auto result = Reprice({Day(0, 1'234)}, Prices(2));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->days, IsEmpty());
  EXPECT_THAT(result->not_repriced, IsEmpty());
}

// Books of before version 6 of the tables do not mark them.
TEST(Reprice, PricesWhatOlderBooksDoNotMark) {
  InferenceDay day = Day(0, 0, true);
  day.row.unpriced = false;
  const auto result = Reprice({day}, Prices(1));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->revenue_micro_usd, 7'500'000);
}

// By a correction that gave the unpriced requests a revenue: they are priced, whatever came later.
TEST(Reprice, LeavesWhatACorrectionHasPriced) {
  InferenceDay correction = Day(0, 2'000'000);
  correction.corrects = true;
  correction.row.amounts.requests = 0;
  correction.row.amounts.input_tokens = 0;
  correction.row.amounts.output_tokens = 0;
  correction.row.amounts.unpriced_requests = -100;
  const auto all = Reprice({Day(0, 0, true), correction}, Prices(2));
  ASSERT_TRUE(all.ok());
  EXPECT_THAT(all->days, IsEmpty());
  EXPECT_THAT(all->not_repriced, IsEmpty());
  // Of a part nobody can tell which.
  correction.row.amounts.unpriced_requests = -40;
  const auto part = Reprice({Day(0, 0, true), correction}, Prices(2));
  ASSERT_TRUE(part.ok());
  EXPECT_THAT(part->days, IsEmpty());
  EXPECT_THAT(part->not_repriced, SizeIs(1));
}

TEST(Reprice, SaysWhatIsMixedBeyondTelling) {
  InferenceDay day = Day(0, 5'000);
  day.row.amounts.unpriced_requests = 40;
  const auto result = Reprice({day}, Prices(1));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->days, IsEmpty());
  ASSERT_THAT(result->not_repriced, SizeIs(1));
  EXPECT_THAT(result->not_repriced[0].why, HasSubstr("among others whose report brought"));
}

TEST(Reprice, SaysWhatStillHasNoPrice) {
  const auto result = Reprice({Day(0, 0, true)}, Prices(1, 5'000'000, "other"));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->days, IsEmpty());
  ASSERT_THAT(result->not_repriced, SizeIs(1));
  EXPECT_EQ(result->not_repriced[0].requests, 100);
}

TEST(Reprice, RefundsOfUnpricedRequestsArePricedWithThem) {
  InferenceDay refund = Day(0, 0, true);
  refund.corrects = true;
  refund.row.amounts = {.requests = -50,
                        .unpriced_requests = -50,
                        .input_tokens = -500'000,
                        .cached_input_tokens = 0,
                        .output_tokens = -50'000,
                        .revenue_micro_usd = 0};
  const auto result = Reprice({Day(0, 0, true), refund}, Prices(1));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->revenue_micro_usd, 3'750'000);
  EXPECT_EQ(result->priced_requests, 50);
}

TEST(Reprice, TheRoundingOfManyReportsIsNoChange) {
  const auto same = Reprice({Day(3, 7'500'040)}, Prices(3));
  ASSERT_TRUE(same.ok());
  EXPECT_THAT(same->days, IsEmpty());
  const auto edited = Reprice({Day(3, 7'600'000)}, Prices(3));
  ASSERT_TRUE(edited.ok());
  EXPECT_EQ(edited->revenue_micro_usd, -100'000) << "more than rounding: the file was edited";
}

TEST(Reprice, ThePriceIsThatOfTheDay) {
  outcomes::PriceBook prices = Prices(2);
  prices.Add("nova", "",
             {.effective_from_unix_seconds = kFirstDay + kDayLength,
              .input = 10'000'000,
              .cached_input = 0,
              .output = 50'000'000});
  InferenceDay later = Day(0, 0, true);
  later.day_start += kDayLength;
  const auto result = Reprice({Day(0, 0, true), later}, prices);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->revenue_micro_usd, 7'500'000 + 15'000'000);
}

// Whatever is booked in between, a second reprice finds nothing, and after it the priced revenue is
// that of the tokens.
TEST(Reprice, IsIdempotentOverRandomBooks) {
  std::mt19937 random(11);
  const auto below = [&](int64_t limit) { return static_cast<int64_t>(random()) % limit; };
  for (int round = 0; round < 200; ++round) {
    std::vector<InferenceDay> booked;
    for (int64_t i = 0; i < 1 + below(8); ++i) {
      InferenceDay day = Day(static_cast<uint32_t>(1 + below(3)), below(20'000'000));
      if (below(3) == 0) day = Day(0, 0, true);
      day.day_start += below(2) * kDayLength;
      day.row.amounts.input_tokens = below(5'000'000);
      booked.push_back(day);
    }
    for (int64_t number = 1; number <= 3; ++number) {
      const auto prices = Prices(static_cast<uint32_t>(3 + number), 1'000'000 * (1 + below(9)));
      const auto result = Reprice(booked, prices);
      ASSERT_TRUE(result.ok());
      Book(*result, number, &booked);
      InferenceAmounts sum;
      for (const InferenceDay& day : booked) {
        sum.unpriced_requests += day.row.amounts.unpriced_requests;
      }
      EXPECT_EQ(sum.unpriced_requests, 0);
      const auto again = Reprice(booked, prices);
      ASSERT_TRUE(again.ok());
      EXPECT_THAT(again->days, IsEmpty()) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace fleetmeter
