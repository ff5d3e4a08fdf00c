// What a row earns by the price book: each day's part of its window at the price of that day, so
// that whoever prices the days again finds the same.
#include "daemon/accounting/price_inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "daemon/accounting/outcome_state.h"
#include "daemon/accounting/reprice.h"
#include "daemon/base/units.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kPricedMonth = 1'767'225'600;  // 2026-01-01
constexpr int64_t kPricedDayLength = 86'400;

DayZone BerlinDays() {
  auto zone = DayZone::Load("Europe/Berlin");
  EXPECT_TRUE(zone.ok()) << zone.status();
  return *zone;
}

// From a day on, $ a million tokens in; out is five times as much.
outcomes::TokenPrice PriceFrom(int64_t day, int64_t usd) {
  return {.effective_from_unix_seconds = kPricedMonth + day * kPricedDayLength,
          .input = usd * 1'000'000,
          .cached_input = usd * 100'000,
          .output = usd * 5'000'000};
}

// $3 from the first day on, $6 from the third one.
outcomes::Rules TwoPrices(uint32_t version = 7, int64_t later_usd = 6) {
  outcomes::Rules rules;
  rules.prices = outcomes::PriceBook(version);
  rules.prices.Add("nova", "", PriceFrom(0, 3));
  rules.prices.Add("nova", "", PriceFrom(2, later_usd));
  return rules;
}

// Of the first four days by the clocks of a zone, unless it says otherwise.
OutcomeReport BilledWindow(const DayZone& zone, int64_t days = 4, int64_t first_day = 0) {
  const int64_t first = kPricedMonth + first_day * kPricedDayLength;
  OutcomeReport report;
  report.kind = OutcomeKind::kInference;
  report.source = "billing";
  report.window_start_unix_nanos = zone.BeginOf(first) * kNanosPerSecond;
  report.window_length_nanos =
      (zone.BeginOf(first + days * kPricedDayLength) - zone.BeginOf(first)) * kNanosPerSecond;
  return report;
}

InferenceRow BilledRow(int64_t requests, int64_t input, int64_t output = 0) {
  return {.model = "nova",
          .customer_tier = "pro",
          .requests = requests,
          .input_tokens = input,
          .cached_input_tokens = 0,
          .output_tokens = output};
}

BookedInference PriceRow(const InferenceRow& row, const OutcomeReport& report,
                         const outcomes::Rules& rules, int64_t rest = 0) {
  const auto days =
      SliceByDay(report.window_start_unix_nanos, report.window_length_nanos, rules.day_zone);
  EXPECT_TRUE(days.ok()) << days.status();
  BookedInference booked;
  booked.model = row.model;
  booked.customer_tier = row.customer_tier;
  const auto bad = PriceInference(row, report, *days, rules, rest, "rows[0]", &booked);
  EXPECT_FALSE(bad.has_value()) << bad->detail;
  return booked;
}

// As the books have them.
std::vector<InferenceDay> BookedDaysOf(const BookedInference& booked, const OutcomeReport& report,
                                       const DayZone& zone) {
  std::vector<PricedDay> parts = booked.days;
  if (parts.empty()) {
    const auto slices =
        SliceByDay(report.window_start_unix_nanos, report.window_length_nanos, zone);
    for (const HourSlice& slice : *slices) {
      parts.push_back({.day_start = slice.hour_start,
                       .amounts = PartIn(slice, booked.amounts, report.window_length_nanos),
                       .unpriced = booked.unpriced});
    }
  }
  std::vector<InferenceDay> days;
  for (const PricedDay& part : parts) {
    InferenceDay& day = days.emplace_back();
    day.day_start = part.day_start;
    day.source = report.source;
    day.row = booked;
    day.row.amounts = part.amounts;
    day.row.unpriced = part.unpriced;
    if (part.unpriced) day.row.price_book_version = 0;
  }
  return days;
}

std::vector<int64_t> RevenueByDay(const std::vector<InferenceDay>& days) {
  std::vector<int64_t> revenue;
  for (const InferenceDay& day : days) revenue.push_back(day.row.amounts.revenue_micro_usd);
  return revenue;
}

TEST(PriceInference, EachDayOfAWindowHasThePriceOfThatDay) {
  const outcomes::Rules rules = TwoPrices();
  const OutcomeReport report = BilledWindow(rules.day_zone);
  const BookedInference booked = PriceRow(BilledRow(400, 4'000'000), report, rules);
  // A million tokens a day: two days of $3 and two of $6. It was four of $3.
  EXPECT_EQ(booked.amounts.revenue_micro_usd, 18'000'000);
  EXPECT_EQ(booked.price_book_version, 7U);
  const auto days = BookedDaysOf(booked, report, rules.day_zone);
  EXPECT_THAT(RevenueByDay(days), testing::ElementsAre(3'000'000, 3'000'000, 6'000'000, 6'000'000));
  const auto again = Reprice(days, rules.prices);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->days, IsEmpty());
}

TEST(PriceInference, DaysAreThoseOfTheZone) {
  outcomes::Rules rules = TwoPrices();
  rules.day_zone = BerlinDays();
  const OutcomeReport report = BilledWindow(rules.day_zone);
  const BookedInference booked = PriceRow(BilledRow(400, 4'000'000), report, rules);
  ASSERT_THAT(booked.days, SizeIs(4));
  EXPECT_EQ(booked.days[0].day_start, kPricedMonth);
  EXPECT_EQ(booked.amounts.revenue_micro_usd, 18'000'000);
}

TEST(PriceInference, ADayIsNotDivided) {
  const outcomes::Rules rules = TwoPrices();
  const BookedInference booked =
      PriceRow(BilledRow(10, 1'000'000), BilledWindow(rules.day_zone, 1, 2), rules);
  EXPECT_THAT(booked.days, IsEmpty());
  EXPECT_EQ(booked.amounts.revenue_micro_usd, 6'000'000);
}

TEST(PriceInference, DaysBeforeTheFirstPriceStayUnpriced) {
  outcomes::Rules rules;
  rules.prices = outcomes::PriceBook(7);
  rules.prices.Add("nova", "", PriceFrom(1, 3));
  const OutcomeReport report = BilledWindow(rules.day_zone);
  const BookedInference booked = PriceRow(BilledRow(400, 4'000'000), report, rules);
  EXPECT_EQ(booked.amounts.unpriced_requests, 100);
  EXPECT_EQ(booked.amounts.revenue_micro_usd, 9'000'000);
  EXPECT_FALSE(booked.unpriced) << "not all of it";
  ASSERT_THAT(booked.days, SizeIs(4));
  EXPECT_TRUE(booked.days[0].unpriced);
  EXPECT_EQ(booked.days[0].amounts.unpriced_requests, 100);
  EXPECT_FALSE(booked.days[1].unpriced);
  // A price that comes late prices that day and no other.
  const auto later = Reprice(BookedDaysOf(booked, report, rules.day_zone), TwoPrices(8, 3).prices);
  ASSERT_TRUE(later.ok()) << later.status();
  ASSERT_THAT(later->days, SizeIs(1));
  EXPECT_EQ(later->days[0].day_start, kPricedMonth);
  EXPECT_EQ(later->revenue_micro_usd, 3'000'000);
  EXPECT_EQ(later->priced_requests, 100);
}

TEST(PriceInference, WithoutAnyPriceAllOfItIsUnpriced) {
  const outcomes::Rules rules;
  const BookedInference booked =
      PriceRow(BilledRow(400, 4'000'000), BilledWindow(rules.day_zone), rules);
  EXPECT_TRUE(booked.unpriced);
  EXPECT_EQ(booked.amounts.unpriced_requests, 400);
  EXPECT_THAT(booked.days, IsEmpty());
  EXPECT_FALSE(booked.price_rest.has_value());
}

// As servers report that count requests and no tokens.
InferenceRow RowWithoutTokens(int64_t requests, bool input_known, bool output_known) {
  InferenceRow row = BilledRow(requests, input_known ? 1'000'000 : 0);
  row.input_tokens_known = input_known;
  row.output_tokens_known = output_known;
  return row;
}

TEST(PriceInference, TokensThatNobodyCountedHaveNoKnownPrice) {
  const outcomes::Rules rules = TwoPrices();
  const OutcomeReport report = BilledWindow(rules.day_zone, 1);
  for (const auto& [input, output] : {std::pair(false, false), {true, false}, {false, true}}) {
    const BookedInference booked = PriceRow(RowWithoutTokens(100, input, output), report, rules);
    EXPECT_TRUE(booked.unpriced) << input << output;
    EXPECT_TRUE(booked.lacks_tokens);
    EXPECT_EQ(booked.amounts.unpriced_requests, 100);
    EXPECT_EQ(booked.amounts.revenue_micro_usd, 0);
    // No later price book takes the absent tokens for 0 either.
    const auto later =
        Reprice(BookedDaysOf(booked, report, rules.day_zone), TwoPrices(8, 9).prices);
    ASSERT_TRUE(later.ok()) << later.status();
    EXPECT_THAT(later->days, IsEmpty());
    ASSERT_THAT(later->not_repriced, SizeIs(1));
    EXPECT_THAT(later->not_repriced[0].why, HasSubstr("without token counts"));
    EXPECT_EQ(later->not_repriced[0].requests, 100);
  }
}

TEST(PriceInference, AbsentTokensMatterOnlyWhereTheyHaveAPrice) {
  outcomes::Rules rules = TwoPrices();
  const OutcomeReport report = BilledWindow(rules.day_zone, 1);
  const BookedInference nothing = PriceRow(RowWithoutTokens(0, false, false), report, rules);
  EXPECT_FALSE(nothing.unpriced) << "nothing was served";
  InferenceRow told = RowWithoutTokens(100, false, false);
  told.revenue_micro_usd = 5;
  EXPECT_EQ(PriceRow(told, report, rules).amounts.unpriced_requests, 0) << "the report says it";
  rules.prices.AddSubscription(
      "pro", {.effective_from_unix_seconds = kPricedMonth, .micro_usd_per_month = 1'000'000});
  const BookedInference subscribed = PriceRow(RowWithoutTokens(100, false, false), report, rules);
  EXPECT_FALSE(subscribed.unpriced) << "the month's amount is their revenue";
}

// A price that comes late prices tokens, and there are none.
TEST(PriceInference, WithoutTokensAPriceThatComesLateIsNone) {
  const OutcomeReport report = BilledWindow(DayZone(), 1);
  const BookedInference booked =
      PriceRow(RowWithoutTokens(100, false, false), report, outcomes::Rules());
  EXPECT_TRUE(booked.unpriced);
  const auto later = Reprice(BookedDaysOf(booked, report, DayZone()), TwoPrices().prices);
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_THAT(later->days, IsEmpty());
}

// Of a tier that pays by the month, requests earn nothing by the token, from that day on.
TEST(PriceInference, ASubscriptionBeginsWithItsDay) {
  outcomes::Rules rules = TwoPrices();
  rules.prices.AddSubscription("pro",
                               {.effective_from_unix_seconds = kPricedMonth + kPricedDayLength,
                                .micro_usd_per_month = 1'000'000});
  const OutcomeReport report = BilledWindow(rules.day_zone);
  const BookedInference booked = PriceRow(BilledRow(400, 4'000'000), report, rules);
  EXPECT_EQ(booked.amounts.revenue_micro_usd, 3'000'000) << "of the first day";
  EXPECT_EQ(booked.amounts.unpriced_requests, 0);
  const auto again = Reprice(BookedDaysOf(booked, report, rules.day_zone), rules.prices);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->days, IsEmpty());
}

TEST(PriceInference, RevenueOfAReportIsSharedByTime) {
  const outcomes::Rules rules = TwoPrices();
  InferenceRow row = BilledRow(400, 4'000'000);
  row.revenue_micro_usd = 1'234;
  const BookedInference booked = PriceRow(row, BilledWindow(rules.day_zone), rules);
  EXPECT_THAT(booked.days, IsEmpty());
  EXPECT_EQ(booked.amounts.revenue_micro_usd, 1'234);
  EXPECT_EQ(booked.price_book_version, 0U);
}

TEST(PriceInference, ACorrectionByThePriceBookTakesBackWhatTheDaysEarned) {
  const outcomes::Rules rules = TwoPrices();
  OutcomeReport report = BilledWindow(rules.day_zone);
  const BookedInference before = PriceRow(BilledRow(401, 4'000'001, 77), report, rules);
  report.correction = CorrectionNote{"c1", "all of it"};
  InferenceRow row = BilledRow(-401, -4'000'001, -77);
  row.price_book_version = 7;
  const BookedInference back = PriceRow(row, report, rules, *before.price_rest);
  EXPECT_EQ(before.amounts.revenue_micro_usd + back.amounts.revenue_micro_usd, 0);
  EXPECT_EQ(back.price_rest, 0);
  ASSERT_THAT(back.days, SizeIs(4));
  EXPECT_LT(back.days[0].amounts.revenue_micro_usd, 0);
}

TEST(PriceInference, ACorrectionByAnotherPriceBookIsRefused) {
  const outcomes::Rules rules = TwoPrices();
  OutcomeReport report = BilledWindow(rules.day_zone);
  report.correction = CorrectionNote{"c1", "late"};
  InferenceRow row = BilledRow(1, 10);
  row.price_book_version = 6;
  const auto days =
      SliceByDay(report.window_start_unix_nanos, report.window_length_nanos, rules.day_zone);
  ASSERT_TRUE(days.ok());
  BookedInference booked;
  const auto bad = PriceInference(row, report, *days, rules, 0, "rows[0]", &booked);
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(bad->field, "rows[0].price_book_version");
  EXPECT_THAT(bad->detail, HasSubstr("worked out with price book 6, and 7 is in force"));
}

TEST(PriceInference, RevenueBeyondAllBoundsIsRefused) {
  outcomes::Rules rules;
  rules.prices = outcomes::PriceBook(7);
  rules.prices.Add("nova", "", {.effective_from_unix_seconds = 0, .input = 1'000'000'000'000});
  const OutcomeReport report = BilledWindow(rules.day_zone);
  const auto days =
      SliceByDay(report.window_start_unix_nanos, report.window_length_nanos, rules.day_zone);
  ASSERT_TRUE(days.ok());
  // Each of the four days fits into 64 bits, and their sum does not.
  BookedInference booked;
  const auto bad =
      PriceInference(BilledRow(1, 20'000'000'000'000), report, *days, rules, 0, "rows[0]", &booked);
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(bad->reason, RejectReason::kBadAmount);
  EXPECT_THAT(bad->detail, HasSubstr("more than 64 bits"));
}

// Over random rows, windows and prices: what is left of rounding stays below half a micro-dollar,
// the days add up, the whole is the exact revenue rounded once, and a reprice finds nothing.
TEST(PriceInference, AgreesWithARepriceOfItsDays) {
  std::mt19937_64 random(20'261);
  const auto below = [&](int64_t limit) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
  };
  for (int round = 0; round < 200; ++round) {
    outcomes::Rules rules;
    if (below(2) == 0) rules.day_zone = BerlinDays();
    rules.prices = outcomes::PriceBook(3);
    for (int64_t day = 0; day < 40; day += 1 + below(9)) {
      rules.prices.Add("nova", "",
                       {.effective_from_unix_seconds = kPricedMonth + day * kPricedDayLength,
                        .input = 1 + below(9'000'000),
                        .cached_input = below(1'000'000),
                        .output = below(90'000'000),
                        .discount_ppm = below(3) == 0 ? 333'333 : 0});
    }
    std::vector<InferenceDay> days;
    absl::int128 exact = 0;  // of all days, in kPartsPerMicroUsd
    int64_t revenue = 0;
    int64_t rest = 0;
    int64_t at = rules.day_zone.BeginOf(kPricedMonth);
    for (int window = 0; window < 6; ++window) {
      OutcomeReport report = BilledWindow(rules.day_zone);
      report.window_start_unix_nanos = at * kNanosPerSecond;
      report.window_length_nanos = (1 + below(5 * kPricedDayLength)) * kNanosPerSecond;
      at += report.window_length_nanos / kNanosPerSecond;
      InferenceRow row = BilledRow(1 + below(5), below(3'000), below(3'000));
      row.cached_input_tokens = below(row.input_tokens + 1);
      const BookedInference booked = PriceRow(row, report, rules, rest);
      ASSERT_TRUE(booked.price_rest.has_value());
      rest = *booked.price_rest;
      ASSERT_LE(std::abs(rest), outcomes::kPartsPerMicroUsd / 2);
      InferenceAmounts sum;
      for (const InferenceDay& day : BookedDaysOf(booked, report, rules.day_zone)) {
        const InferenceAmounts& a = day.row.amounts;
        sum = Sum(sum, a);
        exact += *rules.prices.RevenueParts("nova", "pro", day.day_start,
                                            {.input = a.input_tokens - a.cached_input_tokens,
                                             .cached_input = a.cached_input_tokens,
                                             .output = a.output_tokens});
        days.push_back(day);
      }
      ASSERT_EQ(sum, booked.amounts);
      ASSERT_EQ(sum.input_tokens, row.input_tokens);
      ASSERT_EQ(sum.requests, row.requests);
      revenue += booked.amounts.revenue_micro_usd;
      ASSERT_EQ(revenue, *outcomes::ToMicroUsd(exact)) << "rounded once";
    }
    const auto again = Reprice(days, rules.prices);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_THAT(again->days, IsEmpty()) << "round " << round;
  }
}

}  // namespace
}  // namespace fleetmeter
