// A token bucket for each identity: what fits is taken, what does not is told when it will.
#include "daemon/ingest/rate_limit.h"

#include <gtest/gtest.h>

#include "tests/unit/accounting/fleet_builder.h"

namespace fleetmeter {
namespace {

constexpr int64_t kMillisecond = kNanosPerSecond / 1'000;
constexpr RateLimits kTenASecond{.reports_per_second = 10, .burst_reports = 20};

TEST(RateLimiter, WithoutLimitsNobodyWaits) {
  const ManualClock clock;
  RateLimiter limiter({}, clock);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(limiter.TryTake("a", 1'000'000'000, 1 << 30), 0U);
}

TEST(RateLimiter, TakesABurstAndThenSaysHowLongToWait) {
  const ManualClock clock;
  RateLimiter limiter(kTenASecond, clock);
  EXPECT_EQ(limiter.TryTake("a", 20, 0), 0U);
  EXPECT_EQ(limiter.TryTake("a", 1, 0), 100U);
  EXPECT_EQ(limiter.TryTake("a", 5, 0), 500U) << "what was refused took nothing";
}

TEST(RateLimiter, WhoWaitsAsLongAsToldIsLetIn) {
  ManualClock clock;
  RateLimiter limiter({.reports_per_second = 3, .burst_reports = 7}, clock);
  EXPECT_EQ(limiter.TryTake("a", 7, 0), 0U);
  for (int i = 0; i < 100; ++i) {
    const uint32_t wait = limiter.TryTake("a", 1 + i % 7, 0);
    ASSERT_GT(wait, 0U);
    clock.Pass(wait * kMillisecond);
    ASSERT_EQ(limiter.TryTake("a", 1 + i % 7, 0), 0U);
  }
}

TEST(RateLimiter, LetsInNoMoreThanTheRateOverTime) {
  ManualClock clock;
  RateLimiter limiter(kTenASecond, clock);
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) {  // a hundred seconds
    if (limiter.TryTake("a", 1, 0) == 0) ++taken;
    clock.Pass(kMillisecond);
  }
  EXPECT_NEAR(taken, 20 + 1'000, 1);
}

TEST(RateLimiter, CountsBytesAsWell) {
  ManualClock clock;
  RateLimiter limiter({.bytes_per_second = 1'000, .burst_bytes = 2'000}, clock);
  EXPECT_EQ(limiter.TryTake("a", 1, 2'000), 0U);
  EXPECT_EQ(limiter.TryTake("a", 1, 1'500), 1'500U);
}

TEST(RateLimiter, OneIdentityDoesNotUseUpAnothers) {
  const ManualClock clock;
  RateLimiter limiter(kTenASecond, clock);
  EXPECT_EQ(limiter.TryTake("a", 20, 0), 0U);
  EXPECT_EQ(limiter.TryTake("b", 20, 0), 0U);
  EXPECT_GT(limiter.TryTake("a", 1, 0), 0U);
}

TEST(RateLimiter, ForgetsIdentitiesThatSendNoMore) {
  ManualClock clock;
  RateLimiter limiter(kTenASecond, clock);
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_EQ(limiter.TryTake("host-" + std::to_string(i), 1, 0), 0U);
    clock.Pass(kMillisecond);  // each has its token back after a hundred others
  }
  EXPECT_LE(limiter.size(), 2'048U);
}

TEST(RateLimiter, DoesNotForgetWhoStillHasToWait) {
  const ManualClock clock;
  RateLimiter limiter(kTenASecond, clock);
  EXPECT_EQ(limiter.TryTake("greedy", 20, 0), 0U);
  for (int i = 0; i < 5'000; ++i) limiter.TryTake("host-" + std::to_string(i), 1, 0);
  EXPECT_GT(limiter.TryTake("greedy", 1, 0), 0U);
}

// Or it could never be sent.
TEST(RateLimiter, WhatIsMoreThanAFullBucketTakesAllOfIt) {
  ManualClock clock;
  RateLimiter limiter(kTenASecond, clock);
  EXPECT_EQ(limiter.TryTake("a", 1'000, 0), 0U);
  EXPECT_EQ(limiter.TryTake("a", 1'000, 0), 2'000U);
  clock.Pass(2'000 * kMillisecond);
  EXPECT_EQ(limiter.TryTake("a", 1'000, 0), 0U);
}

}  // namespace
}  // namespace fleetmeter
