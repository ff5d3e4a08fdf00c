#include "daemon/domain/outcomes/apportion.h"

#include <numeric>
#include <random>

#include "gtest/gtest.h"

namespace fleetmeter::outcomes {
namespace {

using Wide = std::vector<absl::int128>;

TEST(Apportion, GivesTheRestToTheLargestRemainders) {
  EXPECT_EQ(Apportion(100, {1, 1, 1}), (std::vector<int64_t>{34, 33, 33}));
  EXPECT_EQ(Apportion(10, {0, 7, 3}), (std::vector<int64_t>{0, 7, 3}));
  EXPECT_EQ(Apportion(-100, {1, 1, 1}), (std::vector<int64_t>{-33, -33, -34}));
  EXPECT_EQ(Apportion(5, {0, 0}), (std::vector<int64_t>{}));
  EXPECT_EQ(Apportion(0, {3, 4}), (std::vector<int64_t>{0, 0}));
}

TEST(Apportion, AddsUpAndIsWithinOneOfTheShare) {
  constexpr unsigned kSeed = 7;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 5'000; ++round) {
    std::vector<int64_t> weights(1 + random() % 20);
    for (int64_t& weight : weights) weight = static_cast<int64_t>(random() % 1'000'000);
    const int64_t total = static_cast<int64_t>(random() % 2'000'000'000'000) - 1'000'000'000'000;
    const std::vector<int64_t> parts = Apportion(total, weights);
    const int64_t sum = std::accumulate(weights.begin(), weights.end(), int64_t{0});
    if (sum == 0) continue;
    ASSERT_EQ(std::accumulate(parts.begin(), parts.end(), int64_t{0}), total) << round;
    for (size_t i = 0; i < parts.size(); ++i) {
      const absl::int128 off = absl::int128(parts[i]) * sum - absl::int128(total) * weights[i];
      EXPECT_LT(off < 0 ? -off : off, sum) << round;
    }
  }
}

TEST(Apportion, IsExactWhereProductsNeed256Bits) {
  const absl::int128 total = (absl::int128(1) << 120) + 5;
  const absl::int128 weight = absl::int128(1) << 110;
  const auto halves = ApportionWide(total, {weight, weight});
  ASSERT_TRUE(halves.ok());
  EXPECT_EQ(*halves, (Wide{total / 2 + 1, total / 2}));
  const auto parts = ApportionWide(total, {weight, 2 * weight, 0, 4 * weight + 1});
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ((*parts)[0] + (*parts)[1] + (*parts)[2] + (*parts)[3], total);
  EXPECT_EQ((*parts)[2], 0);
  // Against what is left by the largest: total x 4 / 7 to within the weight's last bit.
  EXPECT_LE((*parts)[0] - total / 7, 1);
  EXPECT_LE((*parts)[1] - total / 7 * 2, 2);
}

TEST(Apportion, OfWideWeightsIsThatOfNarrowOnes) {
  constexpr unsigned kSeed = 20261122;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 1'000; ++round) {
    std::vector<int64_t> weights(1 + random() % 8);
    for (int64_t& weight : weights) weight = static_cast<int64_t>(random() % 1'000);
    const int64_t total = static_cast<int64_t>(random() % 2'000'001) - 1'000'000;
    Wide wide;
    for (const int64_t weight : weights) wide.push_back(absl::int128(weight) << 110);
    EXPECT_EQ(*ApportionBy(total, wide), Apportion(total, weights)) << round << " of " << kSeed;
  }
}

TEST(Apportion, RefusesWhatItHasNoRoomFor) {
  const absl::int128 most = absl::int128(1) << 125;
  EXPECT_EQ(ApportionWide(1, {most - 1, 1}).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ApportionWide(most, {1}).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ApportionWide(-most, {1}).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(*ApportionWide(most - 1, {most - 1}), (Wide{most - 1}));
}

}  // namespace
}  // namespace fleetmeter::outcomes
