// However windows and durations follow one another, what is taken stays within the bound that the
// books state, and nothing within it is refused.
#include "daemon/base/duration_account.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace fleetmeter {
namespace {

struct Taken {
  int64_t length = 0;
  int64_t duration = 0;
};

// By adding up every stretch of windows that ends with the next one: from the very first on, a
// source has 11/10 of its windows; from any later one on, a minute more.
bool MayTake(const std::vector<Taken>& taken, const Taken& next) {
  int64_t excess = next.duration - DurationAccount::AllowanceOf(next.length);
  if (excess > (taken.empty() ? 0 : DurationAccount::kMostSavedNanos)) return false;
  for (size_t i = taken.size(); i-- > 0;) {
    excess += taken[i].duration - DurationAccount::AllowanceOf(taken[i].length);
    if (excess > (i == 0 ? 0 : DurationAccount::kMostSavedNanos)) return false;
  }
  return true;
}

TEST(DurationAccount, TakesWhatEveryStretchOfWindowsAllowsAndNothingElse) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](int64_t most) { return static_cast<int64_t>(random() % uint64_t(most)); };
    DurationAccount account;
    std::vector<Taken> taken;
    int refused = 0;
    for (int i = 0; i < 300; ++i) {
      Taken next{.length = 1 + pick(pick(2) == 0 ? 5 : 40 * kSecond), .duration = 0};
      next.duration = 1 + (pick(3) == 0 ? pick(70 * kSecond) : pick(2 * next.length));
      const bool takes = next.duration <= account.LongestFor(next.length);
      ASSERT_EQ(takes, MayTake(taken, next)) << "seed " << seed << ", window " << i;
      if (!takes) {
        ++refused;
        continue;
      }
      account.Count(next.length, next.duration);
      taken.push_back(next);
    }
    EXPECT_GT(refused, 0);
    EXPECT_GT(taken.size(), 100U);
    int64_t windows = 0;
    int64_t durations = 0;
    for (const Taken& window : taken) {
      windows += window.length;
      durations += window.duration;
    }
    EXPECT_LE(durations, windows + windows / DurationAccount::kParts);
  }
}

TEST(DurationAccount, GivesNothingForTheFirstNanosecond) {
  const DurationAccount account;
  EXPECT_EQ(account.LongestFor(1), 1);
  EXPECT_EQ(account.LongestFor(10), 11);
}

TEST(DurationAccount, SavesAMinuteInTenAndNoMore) {
  DurationAccount account;
  for (int i = 0; i < 60; ++i) account.Count(10 * kSecond, 10 * kSecond);
  EXPECT_EQ(account.saved_nanos(), kMinute);
  account.Count(kHour, kHour);
  EXPECT_EQ(account.saved_nanos(), kMinute);
  account.Count(1, kMinute + 1);
  EXPECT_EQ(account.saved_nanos(), 0);
}

TEST(DurationAccount, OfTwoNamesOfOneSourceKeepsTheSmallerPart) {
  DurationAccount one;
  one.Count(kMinute, kMinute);
  DurationAccount other;
  other.Count(10 * kSecond, 10 * kSecond);
  one.Merge(other);
  EXPECT_EQ(one, other);
}

TEST(DurationAccount, HoldsAtTheLongestWindowsThatADecoderLetsThrough) {
  constexpr int64_t kLongest = 100'000'000'000'000;
  DurationAccount account;
  account.Count(kLongest, 1);
  EXPECT_EQ(account.LongestFor(kLongest), kLongest + kLongest / 10 + kMinute);
}

}  // namespace
}  // namespace fleetmeter
