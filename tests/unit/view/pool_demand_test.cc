// What waits for chips, from reports to the snapshot.
#include "daemon/view/pool_demand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/view/snapshot.h"
#include "tests/unit/view/snapshot_fixture.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

WaitingWork WaitsFor(const std::string& pool, const std::string& chip, int64_t chips,
                     int64_t requests = 1) {
  WaitingWork waiting;
  waiting.pool = pool;
  waiting.team = "red";
  waiting.chip = chip;
  waiting.micro_chips = chips * kMicroChipsPerChip;
  waiting.requests = requests;
  return waiting;
}

WaitingWork WaitsSince(WaitingWork waiting, int64_t oldest, int64_t median) {
  waiting.oldest_wait_seconds = oldest;
  waiting.median_wait_seconds = median;
  return waiting;
}

class PoolDemandTest : public SnapshotTest {
 protected:
  // Of a host that has no chips.
  void Tell(int64_t index, std::vector<WaitingWork> waiting, std::vector<std::string> pools = {},
            const std::string& source = "scheduler") {
    UsageReport report = Report(source, index, {});
    Demand& demand = report.demand.emplace_back();
    demand.scheduler = source;
    demand.pools = std::move(pools);
    demand.waiting = std::move(waiting);
    Apply(report);
  }

  PoolDemand DemandOf(const std::string& pool) { return PoolNamed(pool).demand.value(); }
};

TEST_F(PoolDemandTest, IsUnknownUntilASourceTells) {
  FillSupply();
  EXPECT_FALSE(PoolNamed("alpha").demand);
  Tell(0, {});
  EXPECT_EQ(DemandOf("alpha").requests, 0);
  EXPECT_EQ(DemandOf("alpha").h100e, 0);
  EXPECT_EQ(DemandOf("alpha").oldest_wait_seconds, std::nullopt);
}

TEST_F(PoolDemandTest, SpeaksForTheNamedPoolsOnly) {
  Tell(0, {WaitsFor("beta", "half", 4)}, {"alpha"});
  EXPECT_EQ(DemandOf("alpha").requests, 0);
  EXPECT_EQ(DemandOf("beta").requests, 1);
  EXPECT_FALSE(PoolNamed("gamma").demand);
}

TEST_F(PoolDemandTest, IsInH100eByTheCatalogAndByTeam) {
  WaitingWork blue = WaitsFor("alpha", "triple", 2, 2);
  blue.team = "blue";
  blue.reason = "Priority";
  Tell(0, {WaitsFor("alpha", "half", 16, 2), blue});
  const PoolDemand demand = DemandOf("alpha");
  EXPECT_DOUBLE_EQ(demand.h100e, 8 + 6);
  EXPECT_EQ(demand.micro_chips, 18 * kMicroChipsPerChip);
  EXPECT_EQ(demand.requests, 4);
  EXPECT_DOUBLE_EQ(demand.teams.at("red").h100e, 8);
  EXPECT_EQ(demand.teams.at("blue").requests, 2);
  EXPECT_THAT(demand.requests_by_reason, ElementsAre(Pair("", 2), Pair("Priority", 2)));
}

TEST_F(PoolDemandTest, AddsUpWhatSeveralSchedulersTell) {
  Tell(0, {WaitsFor("alpha", "half", 2)}, {}, "slurm");
  Tell(0, {WaitsFor("alpha", "half", 4)}, {}, "kueue");
  EXPECT_DOUBLE_EQ(DemandOf("alpha").h100e, 3);
}

TEST_F(PoolDemandTest, CountsChipsOfUnknownKindsByTheirName) {
  Tell(0, {WaitsFor("alpha", "h9000", 8), WaitsFor("alpha", "half", 2)});
  const PoolDemand demand = DemandOf("alpha");
  EXPECT_DOUBLE_EQ(demand.h100e, 1);
  EXPECT_THAT(demand.uncounted_micro_chips, ElementsAre(Pair("h9000", 8 * kMicroChipsPerChip)));
}

TEST_F(PoolDemandTest, BoundsTheNamesOfUnknownKinds) {
  std::vector<WaitingWork> waiting;
  for (int i = 0; i < 30; ++i) {
    waiting.push_back(WaitsFor("alpha", "odd-" + std::to_string(100 + i), 1));
  }
  Tell(0, waiting);
  const auto kinds = DemandOf("alpha").uncounted_micro_chips;
  EXPECT_EQ(kinds.size(), 21u);
  EXPECT_EQ(kinds.at(kOtherChips), 10 * kMicroChipsPerChip);
}

TEST_F(PoolDemandTest, CountsChipsOfNoKindAsTheOnlyKindOfThePool) {
  Apply(Report("h1", 0, {Assigned("triple", 4, "alpha", 0.5)}));
  Tell(0, {WaitsFor("alpha", "", 2), WaitsFor("beta", "", 2)});
  EXPECT_DOUBLE_EQ(DemandOf("alpha").h100e, 6);
  EXPECT_THAT(DemandOf("alpha").uncounted_micro_chips, IsEmpty());
  // Nothing is known of the kinds of beta, and the plan declares two.
  EXPECT_DOUBLE_EQ(DemandOf("beta").h100e, 0);
  EXPECT_THAT(DemandOf("beta").uncounted_micro_chips,
              ElementsAre(Pair(kUnspecifiedChip, 2 * kMicroChipsPerChip)));
  Apply(Report("h2", 0, {Assigned("half", 4, "alpha", 0.5)}));
  EXPECT_DOUBLE_EQ(DemandOf("alpha").h100e, 0);
}

TEST_F(PoolDemandTest, AddsUpHowManyWaitHowLong) {
  WaitingWork first = WaitsFor("alpha", "half", 3, 3);
  first.waits.emplace();
  first.waits->requests[0] = 2;
  first.waits->total_seconds = 50;
  WaitingWork second = WaitsFor("alpha", "triple", 1);
  second.waits.emplace();
  second.waits->requests[9] = 1;
  second.waits->total_seconds = 700'000;
  Tell(0, {first, second, WaitsFor("beta", "half", 1)}, {"alpha", "beta", "gamma"});
  const PoolDemand alpha = DemandOf("alpha");
  ASSERT_TRUE(alpha.waits);
  EXPECT_THAT(alpha.waits->requests, ElementsAre(2, 0, 0, 0, 0, 0, 0, 0, 0, 1));
  EXPECT_EQ(alpha.waits->total_seconds, 700'050);
  EXPECT_EQ(DemandOf("beta").waits, std::nullopt) << "nobody tells how long";
  EXPECT_EQ(DemandOf("gamma").waits, WaitCounts()) << "nothing waits";
}

TEST_F(PoolDemandTest, TellsTheOldestAndTheMedianWait) {
  Tell(0, {WaitsSince(WaitsFor("alpha", "half", 3, 3), 100, 10),
           WaitsSince(WaitsFor("alpha", "half", 1), 900, 900), WaitsFor("alpha", "half", 9, 9)});
  const PoolDemand demand = DemandOf("alpha");
  EXPECT_EQ(demand.oldest_wait_seconds, 900);
  EXPECT_EQ(demand.median_wait_seconds, 10);
}

TEST_F(PoolDemandTest, IsUnknownAgainWhenItsSourceIsSilent) {
  Tell(0, {WaitsFor("alpha", "half", 2)});
  clock_.Pass(44 * kNanosPerSecond);
  EXPECT_TRUE(PoolNamed("alpha").demand);
  clock_.Pass(2 * kNanosPerSecond);
  EXPECT_FALSE(PoolNamed("alpha").demand) << "also before time is let pass";
  Advance();
  EXPECT_FALSE(PoolNamed("alpha").demand);
}

TEST_F(PoolDemandTest, FollowsTheLatestReportOfItsSource) {
  Tell(0, {WaitsFor("alpha", "half", 2)});
  Tell(1, {});
  EXPECT_EQ(DemandOf("alpha").requests, 0);
  Apply(Report("scheduler", 2, {}));
  EXPECT_FALSE(PoolNamed("alpha").demand);
}

TEST_F(PoolDemandTest, FollowsASourceToItsNewName) {
  Tell(0, {WaitsFor("alpha", "half", 2)}, {}, "old");
  Tell(0, {WaitsFor("alpha", "half", 4)}, {}, "new");
  state_.Rename("old", "new", clock_.UnixNanos());
  EXPECT_DOUBLE_EQ(DemandOf("alpha").h100e, 2) << "the new name speaks";
}

TEST_F(PoolDemandTest, TellsWhatCouldStartInOwnAndBorrowedRoom) {
  FillSupply();
  // Beta has 50 H100e, lends nothing, and may borrow 20 of what alpha does not use.
  Apply(Report("h1", 0, {Assigned("half", 80, "beta", 0.5)}));
  Tell(0, {WaitsFor("beta", "half", 96, 6)});  // six requests of 8 H100e
  const PoolView beta = PoolNamed("beta");
  EXPECT_DOUBLE_EQ(*beta.headroom_h100e, 10);
  EXPECT_DOUBLE_EQ(*beta.borrowable_h100e, 20);
  EXPECT_DOUBLE_EQ(*beta.demand->servable_h100e, 8) << "one request";
  EXPECT_DOUBLE_EQ(*beta.demand->servable_by_borrowing_h100e, 16) << "three in 30 H100e";
}

TEST_F(PoolDemandTest, OffersNothingToARequestThatIsTooLarge) {
  FillSupply();
  Apply(Report("h1", 0, {Assigned("half", 80, "beta", 0.5)}));
  Tell(0, {WaitsFor("beta", "half", 128)});
  EXPECT_DOUBLE_EQ(*DemandOf("beta").servable_h100e, 0);
  EXPECT_DOUBLE_EQ(*DemandOf("beta").servable_by_borrowing_h100e, 0);
}

TEST_F(PoolDemandTest, DoesNotKnowWhatCouldStartWhileLittleIsHeard) {
  Tell(0, {WaitsFor("alpha", "half", 2)});
  EXPECT_EQ(DemandOf("alpha").servable_h100e, std::nullopt);
  EXPECT_EQ(DemandOf("alpha").servable_by_borrowing_h100e, std::nullopt);
}

TEST(FitsInto, TakesWholeRequestsTheSmallestFirst) {
  PoolDemand demand;
  demand.by_size = {{1, 2}, {8, 3}, {64, 1}};
  EXPECT_DOUBLE_EQ(FitsInto(demand, 0.5), 0);
  EXPECT_DOUBLE_EQ(FitsInto(demand, 1), 1);
  EXPECT_DOUBLE_EQ(FitsInto(demand, 18), 2 + 16);
  EXPECT_DOUBLE_EQ(FitsInto(demand, 25.999999999999), 2 + 24) << "rounded by arithmetic";
  EXPECT_DOUBLE_EQ(FitsInto(demand, 1'000), 2 + 24 + 64);
  EXPECT_DOUBLE_EQ(FitsInto(demand, -5), 0);
}

}  // namespace
}  // namespace fleetmeter
