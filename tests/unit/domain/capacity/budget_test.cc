#include "daemon/domain/capacity/budget.h"

#include "daemon/base/units.h"
#include "gtest/gtest.h"

namespace fleetmeter::capacity::budget_testing {
namespace {

constexpr int64_t kFrom = 1'800'000'000;
constexpr int64_t kHours = 3'600;
// 1,000 H100e-hours for 100 hours.
const Budget kBudget = {.pool = "serving",
                        .team = "",
                        .micro_h100e_hours = 1'000'000'000,
                        .from_unix_seconds = kFrom,
                        .to_unix_seconds = kFrom + 100 * kHours};

BudgetPace Pace(int64_t used_hours, int64_t told_hours, int64_t elapsed_hours) {
  return PaceOf(kBudget,
                {.used_h100e_nanos = absl::int128(used_hours) * kNanosPerHour,
                 .told_seconds = told_hours * kHours,
                 .elapsed_seconds = elapsed_hours * kHours},
                0.9, kFrom + elapsed_hours * kHours);
}

TEST(PaceOf, IsOneAsPlanned) {
  const BudgetPace pace = Pace(250, 25, 25);
  EXPECT_DOUBLE_EQ(pace.used_h100e_hours, 250);
  EXPECT_DOUBLE_EQ(pace.left_h100e_hours.value(), 750);
  EXPECT_DOUBLE_EQ(pace.pace_ratio.value(), 1);
  EXPECT_DOUBLE_EQ(pace.projected_h100e_hours.value(), 1'000);
  EXPECT_FALSE(pace.gone_unix_seconds) << "not before its end";
}

TEST(PaceOf, SaysWhenItIsGone) {
  const BudgetPace pace = Pace(500, 25, 25);
  EXPECT_DOUBLE_EQ(pace.pace_ratio.value(), 2);
  EXPECT_DOUBLE_EQ(pace.projected_h100e_hours.value(), 2'000);
  EXPECT_EQ(pace.gone_unix_seconds.value(), kFrom + 50 * kHours);
}

TEST(PaceOf, TellsOfAnOverdrawnBudgetWhenItWasGone) {
  const BudgetPace pace = Pace(2'000, 50, 50);
  EXPECT_DOUBLE_EQ(pace.left_h100e_hours.value(), -1'000);
  EXPECT_EQ(pace.gone_unix_seconds.value(), kFrom + 25 * kHours);
}

TEST(PaceOf, CountsWhatIsNotToldLikeTheRest) {
  const BudgetPace pace = Pace(190, 19, 20);
  EXPECT_DOUBLE_EQ(pace.untold_h100e_hours.value(), 10);
  EXPECT_DOUBLE_EQ(pace.left_h100e_hours.value(), 800);
  EXPECT_DOUBLE_EQ(pace.pace_ratio.value(), 1);
  EXPECT_DOUBLE_EQ(pace.projected_h100e_hours.value(), 1'000);
}

TEST(PaceOf, ProjectsNothingFromTooLittle) {
  const BudgetPace pace = Pace(500, 17, 20);
  EXPECT_DOUBLE_EQ(pace.used_h100e_hours, 500);
  EXPECT_FALSE(pace.pace_ratio);
  EXPECT_FALSE(pace.projected_h100e_hours);
  EXPECT_FALSE(pace.gone_unix_seconds);
  EXPECT_FALSE(Pace(0, 0, 20).pace_ratio);
}

TEST(PaceOf, WhatIsNotToldIsNotLeft) {
  EXPECT_FALSE(Pace(500, 17, 20).left_h100e_hours);
  EXPECT_FALSE(Pace(500, 17, 20).untold_h100e_hours);
  EXPECT_FALSE(Pace(0, 0, 20).left_h100e_hours);
  // What is known overdraws it, whatever else was used.
  EXPECT_DOUBLE_EQ(Pace(1'200, 5, 20).left_h100e_hours.value(), -200);
}

TEST(PaceOf, HasNoPaceBeforeItsBeginning) {
  const BudgetPace pace = PaceOf(kBudget, {}, 0.9, kFrom - kHours);
  EXPECT_DOUBLE_EQ(pace.left_h100e_hours.value(), 1'000);
  EXPECT_FALSE(pace.pace_ratio);
  EXPECT_FALSE(Pace(0, 0, 0).pace_ratio);
}

TEST(PaceOf, OfNoUseNeverIsGone) {
  const BudgetPace pace = Pace(0, 20, 20);
  EXPECT_DOUBLE_EQ(pace.pace_ratio.value(), 0);
  EXPECT_FALSE(pace.gone_unix_seconds);
}

TEST(PaceOf, AtItsEndIsWhatWasUsed) {
  const BudgetPace pace = Pace(900, 100, 100);
  EXPECT_DOUBLE_EQ(pace.projected_h100e_hours.value(), 900);
  EXPECT_FALSE(pace.gone_unix_seconds);
}

}  // namespace
}  // namespace fleetmeter::capacity::budget_testing
