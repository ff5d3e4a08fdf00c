#include "daemon/domain/outcomes/windows.h"

#include "gtest/gtest.h"

namespace fleetmeter::outcomes {
namespace {

constexpr int64_t kOneDay = 86'400;
constexpr int64_t kMarch2024 = 1'709'251'200;  // the day after 29 February
constexpr int64_t kMarch2023 = 1'677'628'800;

TEST(Windows, EndWithTodayIncluded) {
  const Span span = TrailingDays(28, kMarch2024 + 3 * kOneDay + 12'345);
  EXPECT_EQ(span.to, kMarch2024 + 4 * kOneDay);
  EXPECT_EQ(span.from, kMarch2024 - 24 * kOneDay);
  EXPECT_EQ(TrailingDays(1, kMarch2024).from, kMarch2024);
  EXPECT_EQ(TrailingDays(1, kMarch2024).to, kMarch2024 + kOneDay);
}

TEST(Windows, AYearLaterGoesByTheCalendar) {
  EXPECT_EQ(YearLater(kMarch2023 + 5), kMarch2024 + 5);
  EXPECT_EQ(YearLater(kMarch2024 - kOneDay), kMarch2024 + 364 * kOneDay)
      << "29 becomes 28 February";
}

TEST(Windows, OfTheYearBeforeGoByTheCalendar) {
  EXPECT_EQ(YearEarlier(kMarch2024), kMarch2023);
  EXPECT_EQ(YearEarlier(kMarch2024 - kOneDay), kMarch2023 - kOneDay) << "29 becomes 28 February";
  EXPECT_EQ(YearEarlier(kMarch2024 - kOneDay + 5), kMarch2023 - kOneDay + 5);
  const Span before = YearEarlier(Span{kMarch2024 - 2 * kOneDay, kMarch2024});
  EXPECT_EQ(before.from, kMarch2023 - kOneDay);
  EXPECT_EQ(before.to, kMarch2023);
}

// The 28th of a leap year's February is a year after that of the year before, though a 29th
// follows.
TEST(Windows, OfTheYearBeforeHaveTheirLastDay) {
  const int64_t leap_day = kMarch2024 - kOneDay;
  const Span before = YearEarlier(Span{leap_day - kOneDay, leap_day});
  EXPECT_EQ(before.from, kMarch2023 - kOneDay);
  EXPECT_EQ(before.to, kMarch2023);
}

}  // namespace
}  // namespace fleetmeter::outcomes
