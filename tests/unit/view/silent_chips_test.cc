// Chips of which nobody says anything, or only what the plan does not know, in the snapshot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/view/snapshot.h"
#include "tests/unit/view/snapshot_fixture.h"

namespace fleetmeter {
namespace {

class SilentChipsTest : public SnapshotTest {};

TEST_F(SilentChipsTest, DoesNotOfferAnUnnamedPoolTheChipsThatNobodyHasReported) {
  // 300 H100e are declared. 150 are heard as free, so 150 may be anywhere.
  Apply(Report("rest-b", 0, {Free("triple", 50, ChipState::kUnassigned)}));
  EXPECT_DOUBLE_EQ(*PoolNamed("alpha").headroom_h100e, 0);
  // With 220 of 300 heard, 80 of alpha's 100 may be taken.
  Apply(Report("rest-a", 0, {Free("half", 140, ChipState::kUnassigned)}));
  EXPECT_DOUBLE_EQ(*PoolNamed("alpha").headroom_h100e, 100 - 80);
}

TEST_F(SilentChipsTest, KnowsNoHeadroomOfAPoolWhoseSourcesAreAllSilent) {
  FillSupply();
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.5)}));
  clock_.Pass(60 * kNanosPerSecond);
  Apply(Report("rest-a", 6, {Free("half", 300, ChipState::kUnassigned)}));
  Advance();
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unheard_h100e, 40);
  EXPECT_EQ(PoolNamed("alpha").headroom_h100e, std::nullopt);
}

TEST_F(SilentChipsTest, ASilentSourceKeepsItsChipsUntilAPersonForgetsIt) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.5)}));
  clock_.Pass(3'700 * kNanosPerSecond);
  Advance();
  EXPECT_EQ(Take()->silent_sources, 0u);
  EXPECT_EQ(Take()->unaccounted_sources, 1u);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unheard_h100e, 0);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 40);
  EXPECT_EQ(PoolNamed("alpha").headroom_h100e, std::nullopt);
  clock_.Pass(7'200 * kNanosPerSecond);
  Advance();
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 40);

  EXPECT_EQ(state_.Forget("h1"), 80 * kMicroChipsPerChip);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 0);
  EXPECT_EQ(Take()->unaccounted_sources, 0u);
  Advance();
  EXPECT_EQ(state_.Windows("h1"), nullptr) << "no overlapping window can come any more";
}

TEST_F(SilentChipsTest, APersonCannotForgetWhatIsHeard) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.5)}));
  EXPECT_EQ(state_.Forget("h1"), std::nullopt);
  EXPECT_EQ(state_.Forget("h2"), std::nullopt);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->assigned_h100e, 40);
}

TEST_F(SilentChipsTest, AForgottenSourceThatComesBackIsHeardAgain) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.5)}));
  clock_.Pass(3'700 * kNanosPerSecond);
  Advance();
  state_.Forget("h1");
  Apply(Report("h1", 380, {Assigned("half", 80, "alpha", 0.5)}));
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->assigned_h100e, 40);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").coverage, 1);
}

TEST_F(SilentChipsTest, ChipsThatAHostStopsListingAreNotFree) {
  FillSupply();
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.95)}));
  EXPECT_DOUBLE_EQ(*PoolNamed("alpha").headroom_h100e, 100 - 40);
  Apply(Report("h1", 1, {Assigned("half", 40, "alpha", 0.95)}));
  const PoolView alpha = PoolNamed("alpha");
  EXPECT_DOUBLE_EQ(alpha.use->unaccounted_h100e, 20);
  EXPECT_DOUBLE_EQ(*alpha.headroom_h100e, 100 - 40);
  EXPECT_DOUBLE_EQ(alpha.coverage, 0.5);
  EXPECT_EQ(alpha.utilization, std::nullopt);
  EXPECT_EQ(alpha.unused_h100e, std::nullopt);
  // It says what became of them: free, or broken.
  Apply(Report("h1", 2,
               {Assigned("half", 40, "alpha", 0.95), Free("half", 40, ChipState::kUnassigned)}));
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 0);
  EXPECT_DOUBLE_EQ(*PoolNamed("alpha").headroom_h100e, 100 - 20);
}

TEST_F(SilentChipsTest, APersonForgetsTheChipsThatALiveHostLostAndNoOthers) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.95)}));
  Apply(Report("h1", 1, {Assigned("half", 40, "alpha", 0.95)}));
  EXPECT_EQ(state_.Forget("h1"), 40 * kMicroChipsPerChip);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 0);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->assigned_h100e, 20);
}

TEST_F(SilentChipsTest, ARejectedSourceIsUnaccountedForAsSoonAsItIsNotLive) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.95)}));
  Apply(Report("h2", 0, {Assigned("half", 80, "alpha", 0.95)}));
  state_.NoteRejected("h2", clock_.UnixNanos());
  EXPECT_EQ(Take()->live_sources, 2u) << "one report that is wrong is no silence";
  clock_.Pass(60 * kNanosPerSecond);
  Apply(Report("h1", 6, {Assigned("half", 80, "alpha", 0.95)}));
  Advance();
  EXPECT_EQ(Take()->rejected_sources, 1u);
  EXPECT_EQ(Take()->silent_sources, 0u);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 40);
  EXPECT_DOUBLE_EQ(*PoolNamed("alpha").headroom_h100e, 100 - 80);
  EXPECT_EQ(PoolNamed("alpha").unused_h100e, std::nullopt);
  // However long it goes on.
  clock_.Pass(3'700 * kNanosPerSecond);
  Apply(Report("h1", 377, {Assigned("half", 80, "alpha", 0.95)}));
  Advance();
  EXPECT_DOUBLE_EQ(*PoolNamed("alpha").headroom_h100e, 100 - 80);
  Apply(Report("h2", 377, {Assigned("half", 80, "alpha", 0.95)}));
  EXPECT_EQ(Take()->rejected_sources, 0u);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 0);
}

TEST_F(SilentChipsTest, ASourceOfWhichNothingWasEverAcceptedIsRejectedWhileItSends) {
  state_.NoteRejected("h1", clock_.UnixNanos());
  EXPECT_EQ(Take()->rejected_sources, 1u);
  clock_.Pass(46 * kNanosPerSecond);
  Advance();
  EXPECT_EQ(Take()->rejected_sources, 0u);
}

TEST_F(SilentChipsTest, APlanThatDeclaresFewerChipsSettlesThoseThatAreUnaccountedFor) {
  FillSupply();
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.5)}));
  clock_.Pass(3'700 * kNanosPerSecond);
  Apply(Report("rest-a", 370, {Free("half", 300, ChipState::kUnassigned)}));
  Apply(Report("rest-b", 370, {Free("triple", 50, ChipState::kUnassigned)}));
  Advance();
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 40);
  const auto declare = [&](int64_t chips) {
    auto changed = std::make_shared<ReferenceData>(*reference_);
    changed->plans[0].supply[0].chips = chips;
    reference_ = changed;
    Advance();
  };
  declare(400);
  declare(380);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 40)
      << "380 are declared and 380 are known: nothing is said to be gone";
  declare(350);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 25) << "30 chips fewer than known";
  declare(300);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 0);
  EXPECT_EQ(Take()->unaccounted_sources, 0u);
}

TEST_F(SilentChipsTest, ChipsOfARenamedPoolAreOfferedByNoPool) {
  FillSupply();
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.95)}));
  EXPECT_TRUE(Take()->orphaned_h100e.empty());
  auto renamed = std::make_shared<ReferenceData>(*reference_);
  renamed->plans[0].pools[0].name = "alpha-api";
  renamed->plans[0].pool_index.clear();  // it is of the old names
  reference_ = renamed;
  Advance();
  const auto snapshot = Take();
  EXPECT_THAT(snapshot->orphaned_h100e, testing::ElementsAre(testing::Pair("alpha", 40.0)));
  EXPECT_EQ(snapshot->supply.at(0).orphaned_micro_chips, 80 * kMicroChipsPerChip);
  const PoolView& alpha = *snapshot->FindPool("alpha-api");
  EXPECT_DOUBLE_EQ(*alpha.headroom_h100e, 60);
  EXPECT_DOUBLE_EQ(alpha.uncertain_h100e, 40);
  EXPECT_EQ(alpha.utilization, std::nullopt) << "the orphaned chips may be all of its own";
  EXPECT_EQ(alpha.unused_h100e, std::nullopt);
  EXPECT_DOUBLE_EQ(*PoolNamed("beta").headroom_h100e, 10);
  EXPECT_DOUBLE_EQ(*PoolNamed("gamma").headroom_h100e, 0);
  // The collector learns the new name.
  Apply(Report("h1", 1, {Assigned("half", 80, "alpha-api", 0.95)}));
  EXPECT_TRUE(Take()->orphaned_h100e.empty());
  EXPECT_DOUBLE_EQ(*PoolNamed("alpha-api").headroom_h100e, 60);
  EXPECT_DOUBLE_EQ(*PoolNamed("alpha-api").utilization, 0.38);
  EXPECT_DOUBLE_EQ(*PoolNamed("beta").headroom_h100e, 50);
}

TEST_F(SilentChipsTest, OrphanedChipsDoNotMakeAFullPoolNegative) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 1), Assigned("half", 40, "gamma", 1)}));
  auto dropped = std::make_shared<ReferenceData>(*reference_);
  dropped->plans[0].pools.erase(dropped->plans[0].pools.begin());
  dropped->plans[0].pool_index.clear();
  reference_ = dropped;
  EXPECT_DOUBLE_EQ(*PoolNamed("gamma").headroom_h100e, -10);
  EXPECT_DOUBLE_EQ(PoolNamed("gamma").uncertain_h100e, 0);
  EXPECT_DOUBLE_EQ(*PoolNamed("gamma").utilization, 2) << "its own chips are all heard";
}

TEST_F(SilentChipsTest, NamesHostsThatMayCountTwiceWhileMoreIsHeardThanDeclared) {
  FillSupply();
  Apply(Report("rest-a.lab", 0, {Free("half", 0, ChipState::kUnassigned)}));
  Advance();
  EXPECT_TRUE(Take()->double_hosts.empty()) << "no more is heard than is declared";
  Apply(Report("rest-a.lab", 1, {Free("half", 8, ChipState::kUnassigned)}));
  Advance();
  EXPECT_THAT(Take()->double_hosts, testing::ElementsAre(testing::Pair("rest-a", "rest-a.lab")));
  Apply(Report("rest-a", 2, {Free("half", 292, ChipState::kUnassigned)}));
  Advance();
  EXPECT_TRUE(Take()->double_hosts.empty());
}

}  // namespace
}  // namespace fleetmeter
