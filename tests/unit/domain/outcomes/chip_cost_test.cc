#include "daemon/domain/outcomes/chip_cost.h"

#include "gtest/gtest.h"

namespace fleetmeter::outcomes {
namespace {

constexpr int64_t kHour = 3'600'000'000'000;

TEST(ChipCost, SumsOverPricesAndRoundsOnce) {
  ChipCost cost;
  ASSERT_TRUE(cost.Add(absl::int128(10) * kHour, 2'450'001).ok());
  EXPECT_EQ(*cost.MicroUsd(), 24'500'010);
  // A third of a micro-dollar three times over is one: nothing is rounded in between.
  ChipCost thirds;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(thirds.Add(kHour / 3, 1).ok());
  EXPECT_EQ(*thirds.MicroUsd(), 1);
  ChipCost half;
  ASSERT_TRUE(half.Add(kHour / 2, 1).ok());
  EXPECT_EQ(*half.MicroUsd(), 1);
  ChipCost less;
  ASSERT_TRUE(less.Add(kHour / 2 - 1, 1).ok());
  EXPECT_EQ(*less.MicroUsd(), 0);
}

TEST(ChipCost, IsNothingWithoutAPriceAndZeroAtNone) {
  ChipCost cost;
  ASSERT_TRUE(cost.Add(0, std::nullopt).ok());
  EXPECT_EQ(*cost.MicroUsd(), 0) << "no chip-time costs nothing";
  ASSERT_TRUE(cost.Add(kHour, 0).ok());
  EXPECT_EQ(*cost.MicroUsd(), 0);
  ChipCost unpriced;
  ASSERT_TRUE(unpriced.Add(1, std::nullopt).ok());
  EXPECT_EQ(*unpriced.MicroUsd(), std::nullopt);
  ASSERT_TRUE(cost.Add(unpriced).ok());
  EXPECT_EQ(*cost.MicroUsd(), std::nullopt);
}

TEST(ChipCost, RefusesSumsThatLeaveItsBits) {
  ChipCost cost;
  const absl::int128 nanos = absl::int128(1) << 100;
  EXPECT_EQ(cost.Add(nanos, int64_t{1} << 25).code(), absl::StatusCode::kOutOfRange);
  ASSERT_TRUE(cost.Add(nanos, int64_t{1} << 24).ok());
  EXPECT_EQ(cost.MicroUsd().status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(cost.Add(nanos, int64_t{1} << 24).code(), absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace fleetmeter::outcomes
