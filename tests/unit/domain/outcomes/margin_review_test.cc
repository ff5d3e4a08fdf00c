#include "daemon/domain/outcomes/margin_review.h"

#include "daemon/domain/outcomes/price_book.h"
#include "gmock/gmock.h"

namespace fleetmeter::outcomes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kDollar = 1'000'000;
constexpr int64_t kMost = 9'000'000'000'000'000'000;

Sales SoldFor(int64_t requests, int64_t revenue, int64_t cost) {
  return {.requests = requests, .revenue_micro_usd = revenue, .cost_micro_usd = cost};
}

const MarginLine& Line(const MarginReview& review, const std::string& name) {
  for (const MarginLine& line : review.lines) {
    if (line.Name() == name) return line;
  }
  ADD_FAILURE() << "no line " << name;
  return review.lines.front();
}

TEST(ReviewMargin, NamesWhatDeclinedThoughTheTotalRose) {
  const Period before = {{{"opus", "enterprise"}, SoldFor(100, 1'000 * kDollar, 200 * kDollar)},
                         {{"haiku", "free"}, SoldFor(900, 900 * kDollar, 810 * kDollar)}};
  const Period after = {{{"opus", "enterprise"}, SoldFor(500, 4'900 * kDollar, 1'050 * kDollar)},
                        {{"haiku", "free"}, SoldFor(500, 490 * kDollar, 460 * kDollar)}};
  const auto review = ReviewMargin(before, after, VolumeRule{});
  ASSERT_TRUE(review.ok()) << review.status();
  EXPECT_EQ(Line(*review, "the total").declined, false);
  EXPECT_EQ(review->declined_request_share, 1);
  EXPECT_EQ(ReviewDue(*review), true) << "what mix hides in the total";
  EXPECT_EQ(Line(*review, "model opus, customer tier enterprise").declined, true);
  EXPECT_THAT(
      review->due,
      ElementsAre(
          "margin per request of model haiku fell from $0.100000 to $0.060000 year over year, on "
          "500 requests (50.0% of all)",
          "margin per request of model opus fell from $8.000000 to $7.700000 year over year, on "
          "500 "
          "requests (50.0% of all)",
          "margin per request of customer tier enterprise fell from $8.000000 to $7.700000 year "
          "over year, on 500 requests (50.0% of all)",
          "margin per request of customer tier free fell from $0.100000 to $0.060000 year over "
          "year, on 500 requests (50.0% of all)",
          "margin per request of model haiku, customer tier free fell from $0.100000 to $0.060000 "
          "year over year, on 500 requests (50.0% of all)",
          "margin per request of model opus, customer tier enterprise fell from $8.000000 to "
          "$7.700000 year over year, on 500 requests (50.0% of all)"));
  ASSERT_TRUE(review->change);
  EXPECT_EQ(review->change->mix_micro_usd, 3'160 * kDollar);
}

TEST(ReviewMargin, GroupsTheDigitsOfManyRequests) {
  const Period before = {{{"opus", ""}, SoldFor(1'000'000, 900 * kDollar, 200 * kDollar)}};
  const Period after = {{{"opus", ""}, SoldFor(1'234'567, 900 * kDollar, 500 * kDollar)}};
  const auto review = ReviewMargin(before, after, VolumeRule{});
  ASSERT_TRUE(review.ok()) << review.status();
  ASSERT_FALSE(review->due.empty());
  EXPECT_THAT(review->due[0], testing::HasSubstr("on 1,234,567 requests (100.0% of all)"));
}

TEST(ReviewMargin, IsDueByTheTotalOrByMostRequests) {
  const auto due = [](const Period& before, const Period& after) {
    const auto review = ReviewMargin(before, after, VolumeRule{});
    return review.ok() ? ReviewDue(*review) : std::nullopt;
  };
  const Period before = {{{"a", ""}, SoldFor(50, 500, 100)}, {{"b", ""}, SoldFor(50, 500, 100)}};
  // A half is not most; one more is.
  EXPECT_EQ(due(before, {{{"a", ""}, SoldFor(50, 499, 100)}, {{"b", ""}, SoldFor(50, 600, 100)}}),
            false);
  EXPECT_EQ(due(before, {{{"a", ""}, SoldFor(51, 499, 100)}, {{"b", ""}, SoldFor(50, 600, 100)}}),
            true);
  // The total fell by mix alone: no segment did.
  const Period two = {{{"a", ""}, SoldFor(50, 500, 100)}, {{"b", ""}, SoldFor(50, 100, 50)}};
  EXPECT_EQ(due(two, {{{"a", ""}, SoldFor(50, 500, 100)}, {{"b", ""}, SoldFor(500, 1'000, 500)}}),
            true);
  EXPECT_EQ(due({}, before), std::nullopt) << "there was no past";
  EXPECT_EQ(due(before, {}), std::nullopt);
  EXPECT_EQ(due(before, {{{"c", ""}, SoldFor(50, 500, 101)}, {{"b", ""}, {.requests = 50}}}), true)
      << "the total is known and declined, though no segment can be judged";
}

// The year before is known from its middle on: that half is compared with the same half of this
// year, while shares are of all of this year.
TEST(ReviewMargin, ComparesWhatLiesAlikeInBothYears) {
  const Period before = {{{"opus", ""}, SoldFor(50, 100, 50)}};
  const Period after = {{{"opus", ""}, SoldFor(100, 100, 90)}, {{"haiku", ""}, SoldFor(100, 0, 0)}};
  const Period compared = {{{"opus", ""}, SoldFor(50, 100, 50)}};
  const auto review = ReviewMargin(before, after, compared, VolumeRule{});
  ASSERT_TRUE(review.ok());
  const MarginLine& opus = Line(*review, "model opus");
  EXPECT_EQ(opus.declined, false);
  EXPECT_EQ(opus.change_ratio, 0);
  EXPECT_EQ(opus.after->margin_micro_usd, 10);
  EXPECT_DOUBLE_EQ(opus.request_share, 0.5);
  EXPECT_EQ(ReviewDue(*review), false);
  EXPECT_EQ(review->change->change_micro_usd, 0);
}

TEST(ReviewMargin, ShowsVolumeBesideMargin) {
  const Period after = {{{"opus", ""}, SoldFor(10, 100 * kDollar, 20 * kDollar)},
                        {{"haiku", ""}, SoldFor(990, 990 * kDollar, 890 * kDollar)}};
  const auto review = ReviewMargin({}, after, VolumeRule{});
  ASSERT_TRUE(review.ok());
  EXPECT_TRUE(Line(*review, "model opus").high_margin_little_volume);
  EXPECT_FALSE(Line(*review, "model opus").much_volume_below_average);
  EXPECT_TRUE(Line(*review, "model haiku").much_volume_below_average);
  EXPECT_NEAR(Line(*review, "model haiku").request_share, 0.99, 1e-12);
  EXPECT_NEAR(*Line(*review, "model haiku").margin_share, 100.0 / 180, 1e-12);
}

TEST(ReviewMargin, CannotTellWithoutAYearBeforeOrAPrice) {
  const Period period = {{{"opus", ""}, SoldFor(10, 100, 20)}};
  const auto no_past = ReviewMargin({}, period, VolumeRule{});
  ASSERT_TRUE(no_past.ok());
  EXPECT_THAT(no_past->due, IsEmpty());
  EXPECT_FALSE(no_past->change);
  EXPECT_EQ(Line(*no_past, "the total").declined, std::nullopt);
  const auto no_price =
      ReviewMargin(period, {{{"opus", ""}, {.requests = 10, .cost_micro_usd = 5}}}, VolumeRule{});
  ASSERT_TRUE(no_price.ok());
  EXPECT_EQ(Line(*no_price, "the total").declined, std::nullopt);
  EXPECT_THAT(no_price->due, IsEmpty());
}

TEST(ReviewMargin, KnowsNegativeMargins) {
  const auto review = ReviewMargin({{{"opus", ""}, SoldFor(10, 20, 100)}},
                                   {{{"opus", ""}, SoldFor(10, 20, 120)}}, VolumeRule{});
  ASSERT_TRUE(review.ok());
  EXPECT_EQ(Line(*review, "the total").declined, true);
  EXPECT_EQ(Line(*review, "the total").change_ratio, std::nullopt);  // of what is below 0
  EXPECT_THAT(review->due.front(), testing::HasSubstr("fell from -$0.000008 to -$0.000010"));
  EXPECT_EQ(Line(*review, "the total").margin_share, std::nullopt);
}

TEST(LimitLines, MergesWhatWasAskedForLeastAndDropsNothing) {
  Period before;
  Period after;
  for (int64_t i = 0; i < 40; ++i) {
    const std::string name = std::to_string(i);
    before[{"m" + name, "t" + name}] = SoldFor(i + 1, 1'000 * (i + 1), 500);
    after[{"m" + name, "t" + name}] = SoldFor(2 * i + 1, 900 * (2 * i + 1), 500);
  }
  const auto whole = ReviewMargin(before, after, VolumeRule{});
  auto limited = ReviewMargin(before, after, VolumeRule{});
  ASSERT_TRUE(whole.ok() && limited.ok());
  const auto merged = LimitLines(10, VolumeRule{}, &*limited);
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(*merged, 3u * 31);
  EXPECT_EQ(limited->lines.size(), 1u + 3 * 10);
  Margin sum;
  for (const MarginLine& line : limited->lines) {
    if (line.scope != MarginLine::Scope::kSegment) continue;
    ASSERT_TRUE(sum.Add(*line.after).ok());
  }
  EXPECT_EQ(sum.requests, Line(*whole, "the total").after->requests);
  EXPECT_EQ(sum.margin_micro_usd, Line(*whole, "the total").after->margin_micro_usd);
  const MarginLine& overflow = Line(*limited, "model overflow, customer tier overflow");
  EXPECT_TRUE(overflow.merged);
  EXPECT_EQ(overflow.after->requests, 31 * 31);  // 1 + 3 + ... + 61
  EXPECT_FALSE(Line(*limited, "model m39").merged);
  EXPECT_LE(limited->due.size(), 31u);
}

TEST(LimitLines, LeavesAReviewThatFitsAsItIs) {
  const Period period = {{{"opus", ""}, SoldFor(10, 100, 20)}};
  auto review = ReviewMargin(period, period, VolumeRule{});
  ASSERT_TRUE(review.ok());
  EXPECT_EQ(*LimitLines(1, VolumeRule{}, &*review), 0u);
  EXPECT_EQ(review->lines.size(), 4u);
}

TEST(PriceBook, TakesThePriceInForceAndRoundsOnce) {
  PriceBook book(1);
  book.Add("opus", "",
           {.effective_from_unix_seconds = 100, .input = 5 * kDollar, .output = 25 * kDollar});
  book.Add("opus", "",
           {.effective_from_unix_seconds = 200, .input = 4 * kDollar, .output = 20 * kDollar});
  book.Add("opus", "enterprise",
           {.effective_from_unix_seconds = 100,
            .input = 5 * kDollar,
            .cached_input = kDollar / 2,
            .output = 25 * kDollar,
            .discount_ppm = 300'000});
  const auto price = [&](const std::string& tier, int64_t at, const Tokens& tokens) {
    return *book.RevenueMicroUsd("opus", tier, at, tokens);
  };
  EXPECT_EQ(price("free", 99, {.input = 1}), std::nullopt);
  EXPECT_EQ(price("free", 100, {.input = 374, .output = 44}), 374 * 5 + 44 * 25);
  EXPECT_EQ(price("free", 200, {.input = 374, .output = 44}), 374 * 4 + 44 * 20);
  // 10 x 5 + 3 x 0.5 = 51.5, less 30%: 36.05.
  EXPECT_EQ(price("enterprise", 300, {.input = 10, .cached_input = 3}), 36);
  EXPECT_EQ(price("enterprise", 300, {.cached_input = 10}), 4);  // 3.5, halves up
  EXPECT_EQ(*book.RevenueMicroUsd("haiku", "", 300, {.input = 1}), std::nullopt);
}

TEST(PriceBook, RefusesRevenueThatLeaves64Bits) {
  PriceBook book(1);
  book.Add("opus", "", {.input = 1'000'000 * kDollar, .output = 0});
  EXPECT_EQ(book.RevenueMicroUsd("opus", "", 0, {.input = kMost}).status().code(),
            absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace fleetmeter::outcomes
