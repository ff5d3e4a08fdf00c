#include "daemon/view/budget_review.h"

#include "daemon/base/calendar.h"
#include "gmock/gmock.h"
#include "tests/unit/view/spent_books.h"

namespace fleetmeter {
namespace {

using capacity::Budget;
using testing::ElementsAre;
using testing::IsEmpty;

Budget BudgetOf(const std::string& team, int64_t from, int64_t to, int64_t hours = 1'000) {
  return {.pool = "lab",
          .team = team,
          .micro_h100e_hours = hours * 1'000'000,
          .from_unix_seconds = from,
          .to_unix_seconds = to};
}

absl::int128 Hours(int64_t hours) { return absl::int128(hours) * kHour; }

class BudgetReviewTest : public testing::Test {
 protected:
  BudgetReviewTest() { books_.Grant({{"lab", 10}, {"other", 10}}, kNewYear); }

  BudgetReview Review(const Budget& budget, int64_t now) {
    auto reviews =
        books_.Ask([&](Database& ledger) { return ReviewBudgets(ledger, {budget}, now); });
    EXPECT_TRUE(reviews.ok()) << reviews.status();
    return reviews.ok() ? reviews->front() : BudgetReview();
  }

  SpentBooks books_;
};

TEST_F(BudgetReviewTest, CountsWhatThePoolOrTheTeamHeldInItsTime) {
  books_.Hold(kNewYear - kHourLong, {{"lab", "a", "h100", 99 * kHour}});
  books_.Hold(kNewYear, {{"lab", "a", "h100", 3 * kHour},
                         {"lab", "b", "half", 8 * kHour},
                         {"other", "a", "h100", 50 * kHour}});
  books_.Hold(kNewYear + kHourLong, {{"lab", "a", "h100", 2 * kHour}});
  books_.Commit(kNewYear + 2 * kHourLong);
  const int64_t now = kNewYear + 2 * kHourLong;
  const int64_t end = kNewYear + 10 * kHourLong;
  const BudgetReview of_pool = Review(BudgetOf("", kNewYear, end), now);
  EXPECT_EQ(of_pool.use.used_h100e_nanos, Hours(9));
  EXPECT_EQ(of_pool.use.elapsed_seconds, 2 * kHourLong);
  EXPECT_EQ(of_pool.use.told_seconds, 2 * kHourLong);
  EXPECT_THAT(of_pool.untold, IsEmpty());
  EXPECT_DOUBLE_EQ(of_pool.pace.used_h100e_hours, 9);
  EXPECT_DOUBLE_EQ(of_pool.pace.left_h100e_hours.value(), 991);
  EXPECT_EQ(Review(BudgetOf("b", kNewYear, end), now).use.used_h100e_nanos, Hours(4));
  EXPECT_EQ(Review(BudgetOf("nobody", kNewYear, end), now).use.used_h100e_nanos, 0);
}

TEST_F(BudgetReviewTest, CountsThePresentHourAsFarAsItIsBooked) {
  books_.Hold(kNewYear, {{"lab", "a", "h100", 3 * kHour}});
  books_.Commit(kNewYear + kHourLong);
  const BudgetReview review =
      Review(BudgetOf("", kNewYear, kNewYear + 10 * kHourLong), kNewYear + kHourLong / 2);
  EXPECT_EQ(review.use.used_h100e_nanos, Hours(3));
  EXPECT_EQ(review.use.elapsed_seconds, kHourLong / 2);
  EXPECT_EQ(review.use.told_seconds, kHourLong / 2);
}

TEST_F(BudgetReviewTest, NamesTheTimesOfWhichNobodyTold) {
  books_.Hold(kNewYear + kHourLong, {{"lab", "a", "h100", kHour}});
  books_.Hold(kNewYear + 3 * kHourLong, {{"lab", "a", "h100", kHour}});
  books_.Commit(kNewYear + 4 * kHourLong);
  const BudgetReview review =
      Review(BudgetOf("", kNewYear, kNewYear + 100 * kHourLong), kNewYear + 4 * kHourLong);
  EXPECT_EQ(review.use.elapsed_seconds, 4 * kHourLong);
  EXPECT_EQ(review.use.told_seconds, 2 * kHourLong);
  EXPECT_THAT(review.untold, ElementsAre(TimeSpan{kNewYear * kNanosPerSecond,
                                                  (kNewYear + kHourLong) * kNanosPerSecond},
                                         TimeSpan{(kNewYear + 2 * kHourLong) * kNanosPerSecond,
                                                  (kNewYear + 3 * kHourLong) * kNanosPerSecond}));
}

TEST_F(BudgetReviewTest, KnowsNothingOfATimeThatHasNotBegun) {
  const BudgetReview review =
      Review(BudgetOf("", kNewYear, kNewYear + kHourLong), kNewYear - kHourLong);
  EXPECT_EQ(review.use.elapsed_seconds, 0);
  EXPECT_EQ(review.pace.pace_ratio, std::nullopt);
  EXPECT_EQ(review.pace.projected_h100e_hours, std::nullopt);
}

TEST_F(BudgetReviewTest, EndsWithItsTime) {
  books_.Hold(kNewYear, {{"lab", "a", "h100", kHour}});
  books_.Hold(kNewYear + kHourLong, {{"lab", "a", "h100", kHour}});
  books_.Commit(kNewYear + 2 * kHourLong);
  const BudgetReview review =
      Review(BudgetOf("", kNewYear, kNewYear + kHourLong), kNewYear + kSecondsPerDay);
  EXPECT_EQ(review.use.used_h100e_nanos, Hours(1));
  EXPECT_EQ(review.use.elapsed_seconds, kHourLong);
}

TEST_F(BudgetReviewTest, ProjectsOnlyWhatIsToldOfMostly) {
  for (int i = 0; i < 4; ++i) {
    books_.Hold(kNewYear + i * kHourLong, {{"lab", "a", "h100", 10 * kHour}});
  }
  books_.Commit(kNewYear + 4 * kHourLong);
  const Budget budget = BudgetOf("", kNewYear, kNewYear + 100 * kHourLong, 500);
  const BudgetReview known = Review(budget, kNewYear + 4 * kHourLong);
  ASSERT_TRUE(known.pace.projected_h100e_hours);
  EXPECT_NEAR(*known.pace.projected_h100e_hours, 1'000, 1e-6);
  // 10 H100e-hours an hour take 500 in 50 hours.
  ASSERT_TRUE(known.pace.gone_unix_seconds);
  EXPECT_NEAR(static_cast<double>(*known.pace.gone_unix_seconds),
              static_cast<double>(kNewYear + 50 * kHourLong), 1);
  const BudgetReview unknown = Review(budget, kNewYear + 9 * kHourLong);
  EXPECT_EQ(unknown.use.told_seconds, 4 * kHourLong);
  EXPECT_EQ(unknown.pace.projected_h100e_hours, std::nullopt);
}

TEST_F(BudgetReviewTest, WhatASilentHostMayHaveUsedIsNotLeft) {
  for (int i = 0; i < 4; ++i) {
    books_.Hold(kNewYear + i * kHourLong, {{"lab", "a", "h100", 6 * kHour}});
    books_.Hold(kNewYear + i * kHourLong, {{"other", "a", "h100", kHour}}, "of-other");
    if (i < 2) books_.Hold(kNewYear + i * kHourLong, {{"lab", "b", "h100", 6 * kHour}}, "quiet");
  }
  books_.Commit(kNewYear + 4 * kHourLong);
  const int64_t end = kNewYear + 100 * kHourLong;
  const BudgetReview of_pool = Review(BudgetOf("", kNewYear, end), kNewYear + 4 * kHourLong);
  EXPECT_EQ(of_pool.use.used_h100e_nanos, Hours(36));
  EXPECT_EQ(of_pool.use.told_seconds, 3 * kHourLong);  // 36 of 48 H100e-hours
  EXPECT_DOUBLE_EQ(of_pool.pace.untold_h100e_hours.value(), 12);
  EXPECT_DOUBLE_EQ(of_pool.pace.left_h100e_hours.value(), 1'000 - 48);
  EXPECT_EQ(Review(BudgetOf("a", kNewYear, end), kNewYear + 4 * kHourLong).use.told_seconds,
            4 * kHourLong);
  const BudgetReview of_team = Review(BudgetOf("b", kNewYear, end), kNewYear + 4 * kHourLong);
  EXPECT_EQ(of_team.use.told_seconds, 2 * kHourLong);
  EXPECT_DOUBLE_EQ(of_team.pace.left_h100e_hours.value(), 1'000 - 24);
}

TEST_F(BudgetReviewTest, NothingIsKnownOfAPoolThatNobodyToldOf) {
  books_.Hold(kNewYear, {{"other", "a", "h100", kHour}});
  books_.Commit(kNewYear + kHourLong);
  const BudgetReview review =
      Review(BudgetOf("", kNewYear, kNewYear + 100 * kHourLong), kNewYear + kHourLong);
  EXPECT_EQ(review.use.told_seconds, 0);
  EXPECT_FALSE(review.IsUsedKnown());
  EXPECT_FALSE(review.pace.left_h100e_hours);
}

TEST_F(BudgetReviewTest, LeavesOutTheRestOfADayOfWhichOnlyTheDayIsKept) {
  for (int i = 0; i < 48; ++i) {
    books_.Hold(kNewYear + i * kHourLong, {{"lab", "a", "h100", kHour}});
  }
  const int64_t later = kNewYear + 60 * kSecondsPerDay;
  books_.Hold(later, {{"lab", "a", "h100", kHour}});
  books_.Commit(later + kHourLong);
  books_.Pass(later + kHourLong);
  // Twelve hours of the first day, and all of the second.
  const BudgetReview review = Review(
      BudgetOf("", kNewYear + 12 * kHourLong, kNewYear + 2 * kSecondsPerDay), later + kHourLong);
  EXPECT_EQ(review.use.used_h100e_nanos, Hours(24));
  EXPECT_EQ(review.use.elapsed_seconds, 36 * kHourLong);
  EXPECT_EQ(review.use.told_seconds, 24 * kHourLong);
  EXPECT_THAT(review.untold, ElementsAre(TimeSpan{(kNewYear + 12 * kHourLong) * kNanosPerSecond,
                                                  (kNewYear + kSecondsPerDay) * kNanosPerSecond}));
}

TEST_F(BudgetReviewTest, ReviewsBudgetsInTheirOrder) {
  const int64_t end = kNewYear + 10 * kHourLong;
  auto reviews = books_.Ask([&](Database& ledger) {
    return ReviewBudgets(ledger, {BudgetOf("b", kNewYear, end), BudgetOf("", kNewYear, end)},
                         kNewYear + kHourLong);
  });
  ASSERT_TRUE(reviews.ok()) << reviews.status();
  EXPECT_EQ(reviews->at(0).budget.team, "b");
  EXPECT_EQ(reviews->at(1).budget.team, "");
}

}  // namespace
}  // namespace fleetmeter
