#include "daemon/domain/outcomes/subscriptions.h"

#include <limits>
#include <random>

#include "daemon/domain/outcomes/price_book.h"
#include "gmock/gmock.h"

namespace fleetmeter::outcomes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr int64_t kDaySeconds = 86'400;
constexpr int64_t kOneUsd = 1'000'000;
constexpr int64_t kJanuary2026 = 1'767'225'600;
constexpr int64_t kFebruary2026 = kJanuary2026 + 31 * kDaySeconds;
constexpr int64_t kMarch2026 = kFebruary2026 + 28 * kDaySeconds;

TEST(Subscriptions, AccrueAMonthsAmountInEveryMonthHoweverLongItIs) {
  Subscriptions book;
  book.Add("max", {.effective_from_unix_seconds = 0, .micro_usd_per_month = 100 * kOneUsd});
  EXPECT_THAT(*book.Accrued(kJanuary2026, kFebruary2026), ElementsAre(Pair("max", 100 * kOneUsd)));
  EXPECT_THAT(*book.Accrued(kFebruary2026, kMarch2026), ElementsAre(Pair("max", 100 * kOneUsd)));
  EXPECT_THAT(*book.Accrued(kJanuary2026, kMarch2026), ElementsAre(Pair("max", 200 * kOneUsd)));
  // February of a leap year, 2024.
  EXPECT_THAT(*book.Accrued(1'706'745'600, 1'709'251'200), ElementsAre(Pair("max", 100 * kOneUsd)));
}

TEST(Subscriptions, AccruePartsOfMonthsAndRoundOnce) {
  Subscriptions book;
  book.Add("max", {.effective_from_unix_seconds = 0, .micro_usd_per_month = 100});
  // 10 / 31 + 7 / 28 of 100: 32.258... + 25 = 57.258...
  EXPECT_THAT(*book.Accrued(kFebruary2026 - 10 * kDaySeconds, kFebruary2026 + 7 * kDaySeconds),
              ElementsAre(Pair("max", 57)));
  // Half a micro-dollar: 14 / 28 of 1.
  Subscriptions half;
  half.Add("max", {.effective_from_unix_seconds = 0, .micro_usd_per_month = 1});
  EXPECT_THAT(*half.Accrued(kFebruary2026, kFebruary2026 + 14 * kDaySeconds),
              ElementsAre(Pair("max", 1)));
  EXPECT_THAT(*half.Accrued(kFebruary2026, kFebruary2026 + 14 * kDaySeconds - 1),
              ElementsAre(Pair("max", 0)));
}

TEST(Subscriptions, HoldFromTheirDateUntilTheNextAndEndWithNothing) {
  Subscriptions book;
  book.Add("max", {kJanuary2026, 31 * kOneUsd});
  book.Add("max", {kJanuary2026 + 10 * kDaySeconds, 62 * kOneUsd});
  book.Add("max", {kJanuary2026 + 20 * kDaySeconds, 0});
  EXPECT_THAT(*book.Accrued(kJanuary2026 - 90 * kDaySeconds, kMarch2026),
              ElementsAre(Pair("max", 10 * kOneUsd + 20 * kOneUsd)));
  EXPECT_THAT(*book.Accrued(kJanuary2026 + 20 * kDaySeconds, kMarch2026), IsEmpty());
  EXPECT_THAT(*book.Accrued(kJanuary2026 - kDaySeconds, kJanuary2026), IsEmpty());
  EXPECT_THAT(*book.Accrued(kJanuary2026, kJanuary2026), IsEmpty());
  EXPECT_FALSE(book.InForce("max", kJanuary2026 - 1));
  EXPECT_TRUE(book.InForce("max", kJanuary2026));
  EXPECT_TRUE(book.InForce("max", kJanuary2026 + 20 * kDaySeconds - 1));
  EXPECT_FALSE(book.InForce("max", kJanuary2026 + 20 * kDaySeconds));
  EXPECT_FALSE(book.InForce("free", kJanuary2026));
}

TEST(Subscriptions, OfSpansAddUpToThoseOfTheWholeButForTheRoundings) {
  constexpr unsigned kSeed = 11;
  std::mt19937_64 random(kSeed);
  Subscriptions book;
  book.Add("max", {kJanuary2026, 123'456'789});
  book.Add("max", {kJanuary2026 + 40 * kDaySeconds + 17, 987'654'321});
  for (int round = 0; round < 500; ++round) {
    const int64_t from = kJanuary2026 + static_cast<int64_t>(random() % (400 * kDaySeconds));
    const int64_t between = from + static_cast<int64_t>(random() % (200 * kDaySeconds));
    const int64_t to = between + static_cast<int64_t>(random() % (200 * kDaySeconds));
    const auto amount = [&](int64_t a, int64_t b) {
      const auto accrued = book.Accrued(a, b);
      return accrued->empty() ? 0 : accrued->at("max");
    };
    EXPECT_NEAR(amount(from, to), amount(from, between) + amount(between, to), 1)
        << "round " << round << " of seed " << kSeed;
  }
}

TEST(Subscriptions, RefuseAmountsThatLeave64Bits) {
  Subscriptions book;
  book.Add("max", {0, 1'000'000'000'000'000});
  const int64_t nine_thousand_years = int64_t{9'300} * 366 * kDaySeconds;
  EXPECT_EQ(book.Accrued(0, nine_thousand_years).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(SpreadSubscriptions, SharesATiersAmountByItsRequestsAcrossModels) {
  Period period = {{{"haiku", "max"}, {.requests = 2, .revenue_micro_usd = 5}},
                   {{"opus", "max"}, {.requests = 1, .revenue_micro_usd = 0}},
                   {{"opus", "free"}, {.requests = 7, .revenue_micro_usd = 9}}};
  EXPECT_EQ(*SpreadSubscriptions({{"max", 100}}, &period), 0);
  EXPECT_EQ((period[{"haiku", "max"}].revenue_micro_usd), 5 + 67);
  EXPECT_EQ((period[{"haiku", "max"}].subscription_micro_usd), 67);
  EXPECT_EQ((period[{"opus", "max"}].revenue_micro_usd), 33);
  EXPECT_EQ((period[{"opus", "free"}].revenue_micro_usd), 9);
}

TEST(SpreadSubscriptions, ReturnsWhatATierWithoutRequestsPays) {
  Period period = {{{"opus", "max"}, {.requests = 0, .revenue_micro_usd = -4}},
                   {{"opus", "team"}, {.requests = -1, .revenue_micro_usd = 0}}};
  EXPECT_EQ(*SpreadSubscriptions({{"max", 100}, {"team", 7}, {"gone", 1}}, &period), 108);
  EXPECT_EQ((period[{"opus", "max"}].revenue_micro_usd), -4);
}

TEST(SpreadSubscriptions, LeavesRevenueThatIsNotKnownUnknown) {
  Period period = {{{"opus", "max"}, {.requests = 1}},
                   {{"haiku", "max"}, {.requests = 1, .revenue_micro_usd = 1}}};
  EXPECT_EQ(*SpreadSubscriptions({{"max", 10}}, &period), 0);
  EXPECT_EQ((period[{"opus", "max"}].revenue_micro_usd), std::nullopt);
  EXPECT_EQ((period[{"haiku", "max"}].revenue_micro_usd), 6);
}

TEST(SpreadSubscriptions, RefusesRevenueThatLeaves64Bits) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  Period period = {{{"opus", "max"}, {.requests = 1, .revenue_micro_usd = kMost}}};
  EXPECT_EQ(SpreadSubscriptions({{"max", 1}}, &period).status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST(PriceBook, LetsASubscriptionTakeThePlaceOfThePriceForAllTiers) {
  PriceBook book(1);
  book.Add("opus", "", {.input = 5 * kOneUsd});
  book.Add("opus", "team", {.input = 4 * kOneUsd});
  book.AddSubscription("max", {100, kOneUsd});
  book.AddSubscription("max", {200, 0});
  book.AddSubscription("team", {100, kOneUsd});
  const auto revenue = [&](const std::string& model, const std::string& tier, int64_t at) {
    return *book.RevenueMicroUsd(model, tier, at, {.input = 10});
  };
  EXPECT_EQ(revenue("opus", "max", 99), 50);
  EXPECT_EQ(revenue("opus", "max", 100), 0);
  EXPECT_EQ(revenue("opus", "max", 200), 50) << "it has ended";
  EXPECT_EQ(revenue("haiku", "max", 100), 0) << "a model without a price is covered too";
  EXPECT_EQ(revenue("haiku", "max", 99), std::nullopt);
  EXPECT_EQ(revenue("opus", "team", 100), 40) << "a price of its own goes before";
  EXPECT_EQ(revenue("opus", "free", 100), 50);
}

}  // namespace
}  // namespace fleetmeter::outcomes
