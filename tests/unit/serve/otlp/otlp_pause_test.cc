#include "daemon/serve/otlp/otlp_pause.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace fleetmeter {
namespace {

TEST(OtlpPause, IsTheIntervalUnlessAnExportFails) {
  OtlpPause pause(30 * kSecond, 1);
  for (const auto result : {OtlpResult::kOk, OtlpResult::kPartial, OtlpResult::kRefused}) {
    EXPECT_EQ(pause.After(result, std::nullopt), 30 * kSecond);
  }
}

TEST(OtlpPause, DoublesWithEachFailureUpToAMinute) {
  for (const uint64_t seed : {1U, 2U, 3U, 4U}) {
    OtlpPause pause(kSecond, seed);
    int64_t expected = kSecond;
    for (int failures = 0; failures < 12; ++failures) {
      const int64_t nanos = pause.After(OtlpResult::kFailed, std::nullopt);
      EXPECT_GE(nanos, expected - expected / 4);
      EXPECT_LE(nanos, expected + expected / 4);
      expected = std::min(2 * expected, kMinute);
    }
    pause.After(OtlpResult::kOk, std::nullopt);
    EXPECT_LE(pause.After(OtlpResult::kFailed, std::nullopt), kSecond * 5 / 4) << "begins anew";
  }
}

TEST(OtlpPause, IsAsLongAsTheReceiverAsksWithinReason) {
  OtlpPause pause(kSecond, 1);
  EXPECT_EQ(pause.After(OtlpResult::kFailed, 20 * kSecond), 20 * kSecond);
  EXPECT_EQ(pause.After(OtlpResult::kFailed, 1'000 * kHour), kHour);
  EXPECT_GT(pause.After(OtlpResult::kFailed, 0), kSecond) << "and never shorter than it would be";
}

}  // namespace
}  // namespace fleetmeter
