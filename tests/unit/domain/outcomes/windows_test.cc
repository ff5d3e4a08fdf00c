#include "daemon/domain/outcomes/windows.h"

#include "gtest/gtest.h"

namespace fleetmeter::outcomes {
namespace {

constexpr int64_t kDay = 86'400;
constexpr int64_t kMarch2024 = 1'709'251'200;  // the day after 29 February
constexpr int64_t kMarch2023 = 1'677'628'800;

TEST(Windows, EndWithTodayIncluded) {
  const Span span = TrailingDays(28, kMarch2024 + 3 * kDay + 12'345);
  EXPECT_EQ(span.to, kMarch2024 + 4 * kDay);
  EXPECT_EQ(span.from, kMarch2024 - 24 * kDay);
  EXPECT_EQ(TrailingDays(1, kMarch2024).from, kMarch2024);
  EXPECT_EQ(TrailingDays(1, kMarch2024).to, kMarch2024 + kDay);
}

TEST(Windows, AYearLaterGoesByTheCalendar) {
  EXPECT_EQ(YearLater(kMarch2023 + 5), kMarch2024 + 5);
  EXPECT_EQ(YearLater(kMarch2024 - kDay), kMarch2024 + 364 * kDay) << "29 becomes 28 February";
}

TEST(Windows, OfTheYearBeforeGoByTheCalendar) {
  EXPECT_EQ(YearEarlier(kMarch2024), kMarch2023);
  EXPECT_EQ(YearEarlier(kMarch2024 - kDay), kMarch2023 - kDay) << "29 becomes 28 February";
  EXPECT_EQ(YearEarlier(kMarch2024 - kDay + 5), kMarch2023 - kDay + 5);
  const Span before = YearEarlier(Span{kMarch2024 - 2 * kDay, kMarch2024});
  EXPECT_EQ(before.from, kMarch2023 - kDay);
  EXPECT_EQ(before.to, kMarch2023);
}

// The 28th of a leap year's February is a year after that of the year before, though a 29th
// follows.
TEST(Windows, OfTheYearBeforeHaveTheirLastDay) {
  const int64_t leap_day = kMarch2024 - kDay;
  const Span before = YearEarlier(Span{leap_day - kDay, leap_day});
  EXPECT_EQ(before.from, kMarch2023 - kDay);
  EXPECT_EQ(before.to, kMarch2023);
}

}  // namespace
}  // namespace fleetmeter::outcomes
