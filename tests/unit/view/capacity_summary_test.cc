#include "daemon/view/capacity_summary.h"

#include <gtest/gtest.h>

#include "tests/unit/view/capacity_events.h"

namespace fleetmeter {
namespace {

using capacity::Nature;
using capacity::State;

class CapacitySummaryTest : public testing::Test {
 protected:
  CapacitySummaryTest() {
    Pool alpha;
    alpha.name = "alpha";
    alpha.allocated_h100e = 100;
    Pool beta = alpha;
    beta.name = "beta";
    plan_.pools = {alpha, beta};
  }

  CapacitySummary Summary() const { return SummarizeCapacity(told_.book(), plan_, told_.now()); }
  PoolCapacity Of(const std::string& pool) const { return Summary().pools.at(pool); }
  NatureSummary Of(const std::string& pool, Nature nature) const {
    return Of(pool).natures[static_cast<size_t>(nature)];
  }
  static int64_t Count(const NatureSummary& summary, State state) {
    return summary.requests[static_cast<size_t>(state)];
  }

  Plan plan_;
  ToldBook told_;
};

TEST_F(CapacitySummaryTest, HasEveryPoolOfThePlanThoughNothingIsAsked) {
  const CapacitySummary summary = Summary();
  ASSERT_EQ(summary.pools.size(), 2u);
  EXPECT_EQ(summary.pools.at("beta").UncommittedH100e(), 100);
  EXPECT_EQ(summary.pools.at("beta").natures[0].submitted, 0);
  EXPECT_TRUE(summary.active.empty());
}

TEST_F(CapacitySummaryTest, CountsRequestsByStateAndNature) {
  told_.Ask("open", 10, 100, 10, Nature::kCritical);
  told_.Ask("won", 20, 0, 10);
  told_.Ask("lost", 30, 100, 10);
  told_.Ask("gone", 40, 100, 10);
  told_.Grant("won", 20);
  told_.Decline("lost");
  told_.Withdraw("gone");
  EXPECT_EQ(Count(Of("alpha", Nature::kCritical), State::kSubmitted), 1);
  const NatureSummary bets = Of("alpha", Nature::kGrowthBet);
  EXPECT_EQ(bets.submitted, 3);
  EXPECT_EQ(Count(bets, State::kActive), 1);
  EXPECT_EQ(Count(bets, State::kDeclined), 1);
  EXPECT_EQ(Count(bets, State::kWithdrawn), 1);
  EXPECT_EQ(bets.open_micro_h100e, 0);
  EXPECT_EQ(Of("alpha", Nature::kCritical).open_micro_h100e, 5'000'000);
}

TEST_F(CapacitySummaryTest, NamesTheOldestOpenRequestUntilItIsDecided) {
  told_.Ask("first", 10, 100, 10, Nature::kCritical);
  told_.At(60);
  told_.Ask("second", 10, 100, 10, Nature::kCritical);
  ASSERT_NE(Of("alpha", Nature::kCritical).oldest_open, nullptr);
  EXPECT_EQ(Of("alpha", Nature::kCritical).oldest_open->form.request_id, "first");
  told_.Grant("first", 10);
  EXPECT_EQ(Of("alpha", Nature::kCritical).oldest_open->form.request_id, "second");
  told_.Decline("second");
  EXPECT_EQ(Of("alpha", Nature::kCritical).oldest_open, nullptr);
}

TEST_F(CapacitySummaryTest, WhatNobodyDecidedInTimeIsExpiredAndNotOpen) {
  told_.Ask("late", 10, 0, 10);
  told_.Ask("later", 10, 0, 12);
  told_.At(20 * kBookHour);
  const NatureSummary bets = Of("alpha", Nature::kGrowthBet);
  EXPECT_EQ(Count(bets, State::kExpired), 2);
  EXPECT_EQ(bets.oldest_open, nullptr);
  EXPECT_EQ(bets.open_micro_h100e, 0);
  EXPECT_EQ(bets.latest_expired_unix_seconds, kBookStart + 12 * kBookHour);
  told_.Withdraw("later");
  EXPECT_EQ(Of("alpha", Nature::kGrowthBet).latest_expired_unix_seconds,
            kBookStart + 10 * kBookHour);
}

TEST_F(CapacitySummaryTest, PromisesOfLaterAreGrantedAndNotYetCommitted) {
  told_.Ask("now", 60, 0, 10);
  told_.Ask("then", 40, 5, 10);
  told_.Grant("now", 60);
  told_.Grant("then", 40);
  EXPECT_EQ(Of("alpha").granted_micro_h100e, 50'000'000);
  EXPECT_EQ(Of("alpha").committed_micro_h100e, 30'000'000);
  EXPECT_EQ(Of("alpha").UncommittedH100e(), 70);
  told_.At(7 * kBookHour);
  EXPECT_EQ(Of("alpha").committed_micro_h100e, 50'000'000);
  told_.At(10 * kBookHour);  // a grant is not active at its end
  EXPECT_EQ(Of("alpha").committed_micro_h100e, 20'000'000);
  EXPECT_EQ(Of("alpha").granted_micro_h100e, 20'000'000);
}

TEST_F(CapacitySummaryTest, APoolThatThePlanDroppedIsAllocatedNothing) {
  told_.Ask("old", 20, 0, 10, Nature::kGrowthBet, "gamma");
  told_.Grant("old", 20);
  EXPECT_FALSE(Of("gamma").allocated_h100e);
  EXPECT_EQ(Of("gamma").UncommittedH100e(), -10);
}

TEST_F(CapacitySummaryTest, WhatIsBeyondIsOnTopUntilThePlanHasIt) {
  told_.Ask("more", 60, 0, 10);
  told_.Grant("more", 60);
  plan_.pools[0].allocated_h100e = 20;
  EXPECT_EQ(Of("alpha").UncommittedH100e(), -10);
  told_.AskBeyond("beyond", 20, 0, 10);
  told_.Grant("beyond", 20);
  EXPECT_EQ(Of("alpha").committed_micro_h100e, 40'000'000);
  EXPECT_EQ(Of("alpha").beyond_micro_h100e, 10'000'000);
  EXPECT_EQ(Of("alpha").UncommittedH100e(), -10);
  plan_.grants = {"beyond"};
  EXPECT_EQ(Of("alpha").beyond_micro_h100e, 0);
  EXPECT_EQ(Of("alpha").UncommittedH100e(), -20);
}

TEST_F(CapacitySummaryTest, CountsEachDecisionOnceAndForEver) {
  told_.Ask("whole", 10, 0, 10);
  told_.Ask("part", 10, 0, 10);
  told_.Ask("none", 10, 0, 10);
  told_.Ask("back", 10, 0, 10);
  told_.Grant("whole", 10);
  told_.Grant("part", 4);
  told_.Decline("none");
  told_.Withdraw("back");
  for (const int64_t hours : {0, 5, 50}) {
    told_.At(hours * kBookHour);
    if (hours == 5) told_.Release("whole", 6);
    const DecisionCounts counts = Of("alpha").decisions;
    EXPECT_EQ(counts.granted, 1u) << hours;
    EXPECT_EQ(counts.granted_in_part, 1u) << hours;
    EXPECT_EQ(counts.declined, 1u) << hours;
  }
}

TEST_F(CapacitySummaryTest, MeasuresWaitsFromTheFirstSubmission) {
  told_.Ask("quick", 10, 100, 10);
  told_.Ask("slow", 10, 100, 10);
  told_.At(3'600);
  told_.Grant("quick", 10);
  told_.At(30 * 86'400);
  told_.Decline("slow");
  const DecisionWaits waits = Of("alpha", Nature::kGrowthBet).waits;
  EXPECT_EQ(waits.count, 2u);
  EXPECT_EQ(waits.requests.front(), 1u);  // an hour is within an hour
  EXPECT_EQ(waits.requests.back(), 1u);
  EXPECT_EQ(waits.total_seconds, 3'600 + 30 * 86'400);
}

TEST_F(CapacitySummaryTest, AClockThatWasSetBackMakesNoNegativeWait) {
  told_.At(3'600);
  told_.Ask("odd", 10, 100, 10);
  told_.At(0);
  told_.Grant("odd", 10);
  EXPECT_EQ(Of("alpha", Nature::kGrowthBet).waits.total_seconds, 0);
}

TEST_F(CapacitySummaryTest, SaysWhatOfATeamIsCoveredWhenAGrantEnds) {
  told_.Ask("ends", 60, 0, 10);
  told_.Ask("stays", 20, 0, 20);
  told_.Ask("follows", 8, 10, 5);
  told_.Ask("too-late", 100, 11, 5);
  told_.Ask("others", 100, 0, 20, Nature::kGrowthBet, "alpha", "blue");
  for (const auto& [id, chips] :
       {std::pair("ends", 60), {"stays", 20}, {"follows", 8}, {"too-late", 100}, {"others", 100}}) {
    told_.Grant(id, chips);
  }
  const CapacitySummary summary = Summary();
  ASSERT_EQ(summary.active.size(), 3u);
  EXPECT_EQ(summary.active[0].request->form.request_id, "others");  // promises most
  EXPECT_EQ(summary.active[1].request->form.request_id, "ends");
  EXPECT_EQ(summary.active[1].covered_after_micro_h100e, 14'000'000);
  EXPECT_EQ(summary.active[2].covered_after_micro_h100e, 0);
}

}  // namespace
}  // namespace fleetmeter
