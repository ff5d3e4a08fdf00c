#include "daemon/ledger/postings.h"

#include <random>

#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

std::vector<HourSlice> Slices(int64_t start, int64_t length) {
  const auto slices = SliceByHour(start, length);
  EXPECT_TRUE(slices.ok()) << slices.status();
  return slices.value_or(std::vector<HourSlice>{});
}

TEST(Postings, KeepAWindowWithinAnHourWhole) {
  const auto slices = Slices(5 * kNanosPerHour, kNanosPerHour);
  EXPECT_EQ(slices, (std::vector<HourSlice>{{5 * kSecondsPerHour, 0, kNanosPerHour}}));
}

TEST(Postings, CutAWindowAtEachHour) {
  const auto slices = Slices(kNanosPerHour - 10, 2 * kNanosPerHour);
  EXPECT_EQ(slices,
            (std::vector<HourSlice>{{0, 0, 10},
                                    {kSecondsPerHour, 10, kNanosPerHour + 10},
                                    {2 * kSecondsPerHour, kNanosPerHour + 10, 2 * kNanosPerHour}}));
}

TEST(Postings, RoundDownBeforeEachBoundaryAndLoseNothing) {
  // 10 chip-ns over 3 ns that end one ns after the hour: floor(10 * 2/3) = 6 before it.
  const auto slices = Slices(kNanosPerHour - 2, 3);
  ASSERT_EQ(slices.size(), 2U);
  const UsageAmounts total{.chips = 10, .busy = 7, .productive = 0, .measured = 10};
  EXPECT_EQ(PartIn(slices[0], total, 3),
            (UsageAmounts{.chips = 6, .busy = 4, .productive = 0, .measured = 6}));
  EXPECT_EQ(PartIn(slices[1], total, 3),
            (UsageAmounts{.chips = 4, .busy = 3, .productive = 0, .measured = 4}));
}

TEST(Postings, AddUpExactlyWhateverTheWindow) {
  std::mt19937_64 random(20260330);
  const auto below = [&](int64_t limit) {
    return std::uniform_int_distribution<int64_t>(0, limit - 1)(random);
  };
  for (int i = 0; i < 20'000; ++i) {
    const int64_t start = below(INT64_MAX / 4);
    const int64_t length = 1 + below(i % 3 == 0 ? 100 * kNanosPerHour : kNanosPerHour);
    // Up to the largest report there can be.
    const UsageAmounts total{.chips = below(i % 2 == 0 ? INT64_MAX : 1'000),
                             .busy = below(INT64_MAX),
                             .productive = below(17),
                             .measured = below(INT64_MAX),
                             .productive_measured = INT64_MAX};
    UsageAmounts sum;
    int64_t at = 0;
    for (const HourSlice& slice : Slices(start, length)) {
      ASSERT_EQ(slice.from_nanos, at);
      ASSERT_LT(slice.from_nanos, slice.to_nanos);
      ASSERT_EQ(HourOf(start + slice.from_nanos), slice.hour_start);
      ASSERT_EQ(HourOf(start + slice.to_nanos - 1), slice.hour_start);
      const UsageAmounts part = PartIn(slice, total, length);
      ASSERT_GE(part.chips, 0);
      ASSERT_GE(part.busy, 0);
      sum += part;
      at = slice.to_nanos;
    }
    ASSERT_EQ(at, length);
    ASSERT_EQ(sum, total);
  }
}

TEST(Postings, FindTheHourBefore1970Too) {
  EXPECT_EQ(HourOf(0), 0);
  EXPECT_EQ(HourOf(-1), -kSecondsPerHour);
  EXPECT_EQ(HourOf(kNanosPerHour - 1), 0);
}

TEST(Postings, RefuseWindowsThatCannotBe) {
  EXPECT_FALSE(SliceByHour(-1, 10).ok());
  EXPECT_FALSE(SliceByHour(0, 0).ok());
  EXPECT_FALSE(SliceByHour(0, -5).ok());
  EXPECT_FALSE(SliceByHour(INT64_MAX - 5, 6).ok());
}

TEST(Postings, TellMissingFromZero) {
  UsageGroup group;
  group.chip_nanos = 100;
  EXPECT_EQ(*AmountsOf(group), (UsageAmounts{.chips = 100}));
  group.busy_chip_nanos = 0;
  EXPECT_EQ(*AmountsOf(group), (UsageAmounts{.chips = 100, .measured = 100}));
  group.productive_chip_nanos = 3;
  EXPECT_EQ(
      *AmountsOf(group),
      (UsageAmounts{.chips = 100, .productive = 3, .measured = 100, .productive_measured = 100}));
}

TEST(Postings, RefuseAmountsThatCannotBe) {
  UsageGroup group;
  group.chip_nanos = -1;
  EXPECT_FALSE(AmountsOf(group).ok());
  group.chip_nanos = 5;
  group.busy_chip_nanos = 6;
  EXPECT_FALSE(AmountsOf(group).ok());
  group.busy_chip_nanos = -1;
  EXPECT_FALSE(AmountsOf(group).ok());
  group.busy_chip_nanos = 5;
  group.productive_chip_nanos = 6;
  EXPECT_FALSE(AmountsOf(group).ok());
}

TEST(Amounts, SurviveTheirColumnsBeyond64Bits) {
  const absl::int128 huge = absl::int128(INT64_MAX) * 999'999'937 + 123;
  const UsageAmounts amounts{.chips = huge, .busy = 1, .productive = 999'999'999, .measured = 0};
  EXPECT_EQ(FromColumns(ToColumns(amounts)), amounts);
}

TEST(SliceByDay, CutsWhereDaysOfTheZoneBegin) {
  const DayZone berlin = *DayZone::Load("Europe/Berlin");
  constexpr int64_t kDayBefore = 1'774'656'000;  // 2026-03-28; the day after it has 23 hours
  const int64_t start = (kDayBefore + 12 * kSecondsPerHour) * kNanosPerSecond;
  const auto days = SliceByDay(start, 48 * kHour, berlin);
  ASSERT_TRUE(days.ok());
  EXPECT_EQ(*days,
            (std::vector<HourSlice>{{kDayBefore, 0, 11 * kHour},
                                    {kDayBefore + kSecondsPerDay, 11 * kHour, 34 * kHour},
                                    {kDayBefore + 2 * kSecondsPerDay, 34 * kHour, 48 * kHour}}));
  EXPECT_EQ(SliceByDay(start, 48 * kHour, DayZone())->size(), 3u);
  EXPECT_FALSE(SliceByDay(start, 0, berlin).ok());
}

}  // namespace
}  // namespace fleetmeter
