#include "daemon/ctl/print/demand_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {
namespace {

v1::Pool WithDemand() {
  v1::Pool pool = MeasuredPool();
  v1::PoolDemand& demand = *pool.mutable_demand();
  demand.set_h100e(96);
  demand.set_micro_chips(104'000'000);
  demand.set_requests(12);
  demand.set_oldest_wait_seconds(3 * 3'600 + 12 * 60 + 5);
  demand.set_median_wait_seconds(40 * 60);
  demand.set_servable_h100e(64);
  demand.set_servable_by_borrowing_h100e(16);
  return pool;
}

v1::Pool WithUncounted() {
  v1::Pool pool = WithDemand();
  v1::UncountedChips& odd = *pool.mutable_demand()->add_uncounted();
  odd.set_chip("h9000\x1b");
  odd.set_micro_chips(7'500'000);
  return pool;
}

TEST(WaitText, HasTwoUnitsAtMost) {
  EXPECT_EQ(WaitText(std::nullopt), "-");
  EXPECT_EQ(WaitText(0), "0 s");
  EXPECT_EQ(WaitText(59), "59 s");
  EXPECT_EQ(WaitText(60), "1 min");
  EXPECT_EQ(WaitText(3'599), "59 min");
  EXPECT_EQ(WaitText(3'600), "1 h");
  EXPECT_EQ(WaitText(11'525), "3 h 12 min");
  EXPECT_EQ(WaitText(86'400), "1 d");
  EXPECT_EQ(WaitText(5 * 86'400 + 2 * 3'600 + 59), "5 d 2 h");
}

TEST(DemandText, TellsWhatWaitsAndForHowLong) {
  EXPECT_EQ(DemandAmount(WithDemand()), "96.0");
  EXPECT_EQ(OldestWaitText(WithDemand()), "3 h 12 min");
  EXPECT_EQ(DemandSentence(WithDemand()),
            "96.0 H100e in 12 requests, the oldest for 3 h 12 min, half of them for 40 min or "
            "longer");
  EXPECT_EQ(ServableText(WithDemand()), "64.0 H100e within the headroom, 16.0 H100e by borrowing");
}

TEST(DemandText, AddsChipsWhoseWorthIsNotKnown) {
  EXPECT_EQ(DemandAmount(WithUncounted()), "96.0 + 7.5 chips");
  EXPECT_THAT(DemandSentence(WithUncounted()),
              testing::StartsWith("96.0 H100e + 7.5 chips (h9000\\x1b) in 12 requests"));
}

TEST(DemandText, TellsUnknownFromNothing) {
  EXPECT_EQ(DemandAmount(MeasuredPool()), "-");
  EXPECT_EQ(OldestWaitText(MeasuredPool()), "-");
  EXPECT_EQ(DemandSentence(MeasuredPool()), "- (no data)");
  EXPECT_EQ(ServableText(MeasuredPool()), "- (no data)");

  v1::Pool empty = MeasuredPool();
  empty.mutable_demand();
  EXPECT_EQ(DemandAmount(empty), "0.0");
  EXPECT_EQ(OldestWaitText(empty), "-");
  EXPECT_EQ(DemandSentence(empty), "nothing waits");
  EXPECT_EQ(ServableText(empty), "nothing waits");

  v1::Pool unheard = WithDemand();
  unheard.mutable_demand()->clear_servable_h100e();
  EXPECT_EQ(ServableText(unheard), "unknown");
}

}  // namespace
}  // namespace fleetmeter::ctl
