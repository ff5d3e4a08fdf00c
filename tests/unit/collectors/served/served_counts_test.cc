#include "collectors/served/served_counts.h"

#include <gtest/gtest.h>

#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

constexpr int64_t kStart = 1'700'000'000 * kNanosPerSecond;

ServedCounter CounterOf(const std::string& series, ServedAmount amount, int64_t value,
                        double began = 0) {
  return {.series = series, .amount = amount, .value = value, .began = began, .thing = 0};
}

// A look `seconds` after the first, at one model.
ServedReading LookAt(int64_t seconds, std::vector<ServedCounter> counters,
                     double process_began = 0) {
  ServedReading reading;
  reading.unix_nanos = kStart + seconds * kNanosPerSecond;
  reading.process_began = process_began;
  ServedThing& thing = reading.things.emplace_back();
  thing.model = "model-a";
  thing.customer_tier = "all";
  reading.counters = std::move(counters);
  return reading;
}

std::vector<ServedCounter> RequestsAt(int64_t value, double began = 0) {
  return {CounterOf("requests", ServedAmount::kRequests, value, began)};
}

class ServedCountsTest : public testing::Test {
 protected:
  void Take(const ServedReading& reading) { ASSERT_TRUE(counts_.Take(reading).ok()); }

  // Of the only row of the window that is open.
  int64_t CutRequests() {
    report_ = counts_.Cut("node-1/vllm");
    if (!report_ || report_->inference().rows_size() != 1) return -1;
    return report_->inference().rows(0).requests();
  }

  ServedCounts counts_;
  std::optional<v1::OutcomeReport> report_;
};

TEST_F(ServedCountsTest, TheFirstLookOnlySaysWhereCountersStand) {
  Take(LookAt(0, RequestsAt(1'000)));
  EXPECT_FALSE(counts_.Cut("node-1/vllm"));
  Take(LookAt(10, RequestsAt(1'007)));
  EXPECT_EQ(CutRequests(), 7);
  EXPECT_EQ(report_->source(), "node-1/vllm");
  EXPECT_EQ(report_->window_start_unix_nanos(), kStart);
  EXPECT_EQ(report_->window_length_nanos(), 10 * kNanosPerSecond);
}

// The key `url` names another server now, or a collector was moved.
TEST_F(ServedCountsTest, WhatAnotherServerCountsMoreWasNotServedMeanwhile) {
  ServedReading reading = LookAt(0, RequestsAt(1'000));
  reading.origin = "http://a:8000/metrics";
  Take(reading);
  reading = LookAt(10, RequestsAt(1'007));
  reading.origin = "http://a:8000/metrics";
  Take(reading);
  reading = LookAt(20, RequestsAt(5'000));
  reading.origin = "http://b:8000/metrics";
  Take(reading);
  reading = LookAt(30, RequestsAt(5'002));
  reading.origin = "http://b:8000/metrics";
  Take(reading);
  EXPECT_EQ(CutRequests(), 9);
}

TEST_F(ServedCountsTest, AStateRemembersWhoseCountersItHas) {
  ServedReading reading = LookAt(0, RequestsAt(1'000));
  reading.origin = "http://a:8000/metrics";
  Take(reading);
  auto read = ServedCounts::Read(counts_.Write());
  ASSERT_TRUE(read.ok()) << read.status();
  counts_ = *std::move(read);
  reading = LookAt(10, RequestsAt(5'000));
  reading.origin = "http://b:8000/metrics";
  Take(reading);
  EXPECT_EQ(CutRequests(), 0);
}

TEST_F(ServedCountsTest, ACounterThatFellWasReset) {
  Take(LookAt(0, RequestsAt(1'000)));
  Take(LookAt(10, RequestsAt(4)));
  EXPECT_TRUE(counts_.saw_reset());
  Take(LookAt(20, RequestsAt(9)));
  EXPECT_EQ(CutRequests(), 9);
  EXPECT_EQ(counts_.resets(), 1U);
}

TEST_F(ServedCountsTest, AResetThatTheValueHidesIsSeenByTheBeginning) {
  Take(LookAt(0, RequestsAt(10, 1'600'000'000)));
  Take(LookAt(10, RequestsAt(25, 1'700'000'005)));
  EXPECT_EQ(CutRequests(), 25);
}

TEST_F(ServedCountsTest, AResetThatTheValueHidesIsSeenByTheStartOfTheProcess) {
  Take(LookAt(0, RequestsAt(10), 1'600'000'000));
  Take(LookAt(10, RequestsAt(25), 1'700'000'005));
  EXPECT_EQ(CutRequests(), 25);
}

TEST_F(ServedCountsTest, AStartThatIsWorkedOutAnewIsNoRestart) {
  Take(LookAt(0, RequestsAt(10), 1'600'000'000.01));
  Take(LookAt(10, RequestsAt(25), 1'600'000'000.02));
  EXPECT_EQ(CutRequests(), 15);
  EXPECT_EQ(counts_.resets(), 0U);
}

TEST_F(ServedCountsTest, ANewCounterSaysWhereItStands) {
  Take(LookAt(0, RequestsAt(10)));
  auto counters = RequestsAt(12);
  counters.push_back(CounterOf("other", ServedAmount::kRequests, 500));
  Take(LookAt(10, counters));
  EXPECT_EQ(CutRequests(), 2);
}

TEST_F(ServedCountsTest, ANewCounterThatBeganSinceTheLastLookCounts) {
  Take(LookAt(0, RequestsAt(10)));
  auto counters = RequestsAt(12);
  counters.push_back(CounterOf("other", ServedAmount::kRequests, 5, 1'700'000'003));
  Take(LookAt(10, counters));
  EXPECT_EQ(CutRequests(), 7);
}

TEST_F(ServedCountsTest, ACounterThatVanishesIsSilenceAndGoesOnFromWhereItStood) {
  Take(LookAt(0, RequestsAt(10)));
  Take(LookAt(10, {}));
  EXPECT_FALSE(counts_.Cut("node-1/vllm"));
  Take(LookAt(20, RequestsAt(13)));
  EXPECT_EQ(CutRequests(), 3);
}

TEST_F(ServedCountsTest, LooksThatFailedMakeOneLongerWindow) {
  Take(LookAt(0, RequestsAt(10)));
  Take(LookAt(600, RequestsAt(100)));
  EXPECT_EQ(CutRequests(), 90);
  EXPECT_EQ(report_->window_length_nanos(), 600 * kNanosPerSecond);
}

TEST_F(ServedCountsTest, WindowsFollowOneAnotherAndNoneIsBackwards) {
  Take(LookAt(0, RequestsAt(0)));
  Take(LookAt(10, RequestsAt(1)));
  EXPECT_EQ(CutRequests(), 1);
  Take(LookAt(5, RequestsAt(3)));  // the wall clock was set back
  EXPECT_FALSE(counts_.Cut("node-1/vllm"));
  Take(LookAt(15, RequestsAt(4)));
  EXPECT_EQ(CutRequests(), 3);
  EXPECT_EQ(report_->window_start_unix_nanos(), kStart + 10 * kNanosPerSecond);
}

TEST_F(ServedCountsTest, AQuietWindowOfAServerThatHasServedSaysZero) {
  Take(LookAt(0, RequestsAt(10)));
  Take(LookAt(10, RequestsAt(10)));
  EXPECT_EQ(CutRequests(), 0);
}

TEST_F(ServedCountsTest, AServerThatHasNeverServedSaysNothing) {
  Take(LookAt(0, RequestsAt(0)));
  Take(LookAt(10, RequestsAt(0)));
  EXPECT_FALSE(counts_.Cut("node-1/vllm"));
  Take(LookAt(20, RequestsAt(5)));
  EXPECT_EQ(CutRequests(), 5);
  EXPECT_EQ(report_->window_length_nanos(), 10 * kNanosPerSecond);
}

TEST_F(ServedCountsTest, TokensThatNobodyCountsAreAbsent) {
  Take(LookAt(0, RequestsAt(10)));
  Take(LookAt(10, RequestsAt(11)));
  ASSERT_EQ(CutRequests(), 1);
  EXPECT_FALSE(report_->inference().rows(0).has_input_tokens());
  EXPECT_FALSE(report_->inference().rows(0).has_output_tokens());
}

TEST_F(ServedCountsTest, TokensWithoutRequestsAreNotReported) {
  Take(LookAt(0, {CounterOf("tokens", ServedAmount::kInputTokens, 10)}));
  Take(LookAt(10, {CounterOf("tokens", ServedAmount::kInputTokens, 20)}));
  EXPECT_FALSE(counts_.Cut("node-1/vllm"));
}

TEST_F(ServedCountsTest, CachedTokensAheadOfTheirPromptsWaitForThem) {
  const auto look = [](int64_t seconds, int64_t input, int64_t cached) {
    auto counters = RequestsAt(1);
    counters.push_back(CounterOf("input", ServedAmount::kInputTokens, input));
    counters.push_back(CounterOf("cached", ServedAmount::kCachedInputTokens, cached));
    return LookAt(seconds, counters);
  };
  Take(look(0, 0, 0));
  Take(look(10, 10, 30));
  ASSERT_EQ(CutRequests(), 0);
  EXPECT_EQ(report_->inference().rows(0).cached_input_tokens(), 10);
  Take(look(20, 60, 30));
  ASSERT_EQ(CutRequests(), 0);
  EXPECT_EQ(report_->inference().rows(0).cached_input_tokens(), 20);
}

TEST_F(ServedCountsTest, RulesSayPoolModelAndTier) {
  const auto look = [](int64_t seconds, int64_t value) {
    ServedReading reading = LookAt(seconds, RequestsAt(value));
    Assignment& by_rule = reading.things[0].holder.assignment.emplace();
    by_rule.pool = "serving";
    by_rule.model = "model-b";
    by_rule.customer_tier = "enterprise";
    return reading;
  };
  Take(look(0, 1));
  Take(look(10, 2));
  ASSERT_EQ(CutRequests(), 1);
  const v1::InferenceRow& row = report_->inference().rows(0);
  EXPECT_EQ(row.pool(), "serving");
  EXPECT_EQ(row.model(), "model-b");
  EXPECT_EQ(row.customer_tier(), "enterprise");
}

TEST_F(ServedCountsTest, TheStateGoesOnInANewProcess) {
  Take(LookAt(0, RequestsAt(10, 5)));
  Take(LookAt(10, RequestsAt(12, 5)));
  auto again = ServedCounts::Read(counts_.Write());
  ASSERT_TRUE(again.ok()) << again.status();
  counts_ = *std::move(again);
  Take(LookAt(20, RequestsAt(15, 5)));
  EXPECT_EQ(CutRequests(), 5);
}

TEST_F(ServedCountsTest, RefusesAStateThatIsNone) {
  for (const char* text : {"", "{}", "[1]", R"({"version": 2})", R"({"version": "1"})"}) {
    EXPECT_EQ(ServedCounts::Read(text).status().code(), absl::StatusCode::kDataLoss) << text;
  }
}

}  // namespace
}  // namespace fleetmeter::collector
