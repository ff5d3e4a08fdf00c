// The live numbers: what people read, from reports to snapshot.
#include "daemon/view/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/accounting/fleet_builder.h"

namespace fleetmeter {
namespace {

constexpr KnownThresholds kThresholds{.coverage = 0.9, .measured = 0.9};

class SnapshotTest : public testing::Test {
 protected:
  SnapshotTest()
      : state_({.silent_after_nanos = 45 * kNanosPerSecond,
                .forget_after_nanos = 3'600 * kNanosPerSecond,
                .keep_windows_nanos = 7'200 * kNanosPerSecond,
                .idle_below = 0.05}) {
    Advance();
  }

  void Apply(const UsageReport& report) {
    clock_.unix_nanos = std::max(clock_.unix_nanos.load(), report.WindowEnd());
    ApplyTo(state_, report, *reference_, clock_.UnixNanos());
  }

  void Advance() { state_.Advance(reference_, clock_.UnixNanos(), clock_.MonotonicNanos()); }

  std::shared_ptr<const Snapshot> Take() {
    return MakeSnapshot(state_.Copy(clock_.UnixNanos()), reference_, kThresholds);
  }

  PoolView PoolNamed(const std::string& name) {
    last_ = Take();
    return *last_->FindPool(name);
  }

  // A fleet that is heard in full, so that the supply's coverage is 1.
  void FillSupply() {
    Apply(Report("rest-a", 0, {Free("half", 300, ChipState::kUnassigned)}));
    Apply(Report("rest-b", 0, {Free("triple", 50, ChipState::kUnassigned)}));
  }

  std::shared_ptr<const ReferenceData> reference_ = MakeReferenceData();
  ManualClock clock_;
  FleetState state_;
  std::shared_ptr<const Snapshot> last_;  // keeps the views of PoolNamed alive
};

TEST_F(SnapshotTest, TurnsChipsIntoH100eByKind) {
  Apply(Report("h1", 0, {Assigned("half", 20, "alpha", 0.5), Assigned("triple", 4, "alpha", 1)}));
  const PoolView alpha = PoolNamed("alpha");
  EXPECT_DOUBLE_EQ(alpha.use->assigned_h100e, 20 / 2.0 + 4 * 3);
  EXPECT_DOUBLE_EQ(*alpha.busy_h100e, 5 + 12);
  EXPECT_DOUBLE_EQ(*alpha.idle_h100e, 5);
  EXPECT_DOUBLE_EQ(*alpha.headroom_h100e, 100 - 22);
  EXPECT_DOUBLE_EQ(*alpha.utilization, 17 / 100.0);
  EXPECT_DOUBLE_EQ(*alpha.unused_h100e, 100 - 17);
}

TEST_F(SnapshotTest, UsesTheRatioOfTheWorkloadType) {
  UsageGroup group = Assigned("triple", 4, "alpha", 1);
  group.workload_type = "decode";
  Apply(Report("h1", 0, {group}));
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->assigned_h100e, 8);
}

TEST_F(SnapshotTest, CountsChipsThatAreOnlyHeldAsNeitherBusyNorIdle) {
  Apply(Report("h1", 0, {HeldOnly("half", 20, "alpha")}));
  const PoolView alpha = PoolNamed("alpha");
  EXPECT_DOUBLE_EQ(alpha.use->assigned_h100e, 10);
  EXPECT_EQ(alpha.busy_h100e, std::nullopt);
  EXPECT_EQ(alpha.idle_h100e, std::nullopt);
  EXPECT_EQ(alpha.utilization, std::nullopt);
  EXPECT_DOUBLE_EQ(*alpha.measured_ratio, 0);
  EXPECT_DOUBLE_EQ(*alpha.unused_h100e, 90) << "held chips are not seen to be unused";
}

TEST_F(SnapshotTest, WithholdsUtilizationWhenTooFewChipsAreMeasured) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 1), HeldOnly("half", 20, "alpha")}));
  const PoolView alpha = PoolNamed("alpha");
  EXPECT_DOUBLE_EQ(*alpha.measured_ratio, 0.8);
  EXPECT_DOUBLE_EQ(*alpha.busy_h100e, 40);
  EXPECT_EQ(alpha.utilization, std::nullopt);
}

TEST_F(SnapshotTest, TakesUnhealthyChipsOutOfTheHeadroomAndReservedOnesNot) {
  Apply(Report("h1", 0,
               {Assigned("half", 20, "alpha", 1), Free("half", 8, ChipState::kUnhealthy, "alpha"),
                Free("half", 6, ChipState::kReserved, "alpha")}));
  const PoolView alpha = PoolNamed("alpha");
  EXPECT_DOUBLE_EQ(alpha.use->unhealthy_h100e, 4);
  EXPECT_DOUBLE_EQ(alpha.use->reserved_h100e, 3);
  EXPECT_DOUBLE_EQ(*alpha.headroom_h100e, 100 - 10 - 4);
}

TEST_F(SnapshotTest, ShowsBorrowingAndWhatMayBeBorrowed) {
  Apply(Report("h1", 0, {Assigned("half", 120, "beta", 1), Assigned("half", 40, "alpha", 1)}));
  const PoolView beta = PoolNamed("beta");
  EXPECT_DOUBLE_EQ(beta.borrowed_h100e, 10);
  EXPECT_DOUBLE_EQ(*beta.headroom_h100e, -10);
  EXPECT_DOUBLE_EQ(*beta.borrowable_h100e, 10) << "its limit of 20 less the 10 it has borrowed";
  EXPECT_DOUBLE_EQ(*PoolNamed("gamma").borrowable_h100e, 0) << "its limit is 0";
  EXPECT_DOUBLE_EQ(*PoolNamed("alpha").borrowable_h100e, 0) << "nobody else lends";
}

TEST_F(SnapshotTest, SilenceLowersCoverageAndLeavesUtilizationAlone) {
  for (int host = 0; host < 20; ++host) {
    Apply(Report("h" + std::to_string(host), 0, {Assigned("half", 8, "alpha", 0.5)}));
  }
  const double before = *PoolNamed("alpha").utilization;
  for (int host = 1; host < 20; ++host) {
    Apply(Report("h" + std::to_string(host), 5, {Assigned("half", 8, "alpha", 0.5)}));
  }
  Advance();
  const PoolView after = PoolNamed("alpha");
  EXPECT_DOUBLE_EQ(after.coverage, 0.95);
  EXPECT_DOUBLE_EQ(*after.utilization, before);
  EXPECT_DOUBLE_EQ(after.use->unheard_h100e, 4);
  EXPECT_DOUBLE_EQ(*after.headroom_h100e, 100 - 80) << "what is not heard is not free";
  EXPECT_DOUBLE_EQ(*after.unused_h100e, 100 - 4 - 38) << "nor seen to be unused";
}

TEST_F(SnapshotTest, WithholdsUtilizationBelowTheCoverageThreshold) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.5)}));
  Apply(Report("h2", 0, {Assigned("half", 80, "alpha", 0.5)}));
  Apply(Report("h2", 5, {Assigned("half", 80, "alpha", 0.5)}));
  Advance();
  const PoolView alpha = PoolNamed("alpha");
  EXPECT_DOUBLE_EQ(alpha.coverage, 0.5);
  EXPECT_EQ(alpha.utilization, std::nullopt);
  EXPECT_EQ(alpha.unused_h100e, std::nullopt);
}

TEST_F(SnapshotTest, KnowsAPoolIsEmptyOnlyWhenTheSupplyIsHeard) {
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").coverage, 0);
  EXPECT_EQ(PoolNamed("alpha").utilization, std::nullopt);
  EXPECT_EQ(PoolNamed("alpha").headroom_h100e, std::nullopt);
  EXPECT_EQ(PoolNamed("alpha").borrowable_h100e, std::nullopt);
  FillSupply();
  const PoolView alpha = PoolNamed("alpha");
  EXPECT_DOUBLE_EQ(alpha.coverage, 1);
  EXPECT_DOUBLE_EQ(*alpha.utilization, 0);
  EXPECT_DOUBLE_EQ(*alpha.unused_h100e, 100);
  EXPECT_DOUBLE_EQ(*alpha.headroom_h100e, 100);
}

TEST_F(SnapshotTest, DoesNotOfferAnUnnamedPoolTheChipsThatNobodyHasReported) {
  // 300 H100e are declared. 150 are heard as free, so 150 may be anywhere.
  Apply(Report("rest-b", 0, {Free("triple", 50, ChipState::kUnassigned)}));
  EXPECT_DOUBLE_EQ(*PoolNamed("alpha").headroom_h100e, 0);
  // With 220 of 300 heard, 80 of alpha's 100 may be taken.
  Apply(Report("rest-a", 0, {Free("half", 140, ChipState::kUnassigned)}));
  EXPECT_DOUBLE_EQ(*PoolNamed("alpha").headroom_h100e, 100 - 80);
}

TEST_F(SnapshotTest, KnowsNoHeadroomOfAPoolWhoseSourcesAreAllSilent) {
  FillSupply();
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.5)}));
  clock_.Pass(60 * kNanosPerSecond);
  Apply(Report("rest-a", 6, {Free("half", 300, ChipState::kUnassigned)}));
  Advance();
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unheard_h100e, 40);
  EXPECT_EQ(PoolNamed("alpha").headroom_h100e, std::nullopt);
}

TEST_F(SnapshotTest, ASilentSourceKeepsItsChipsUntilAPersonForgetsIt) {
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

TEST_F(SnapshotTest, APersonCannotForgetWhatIsHeard) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.5)}));
  EXPECT_EQ(state_.Forget("h1"), std::nullopt);
  EXPECT_EQ(state_.Forget("h2"), std::nullopt);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->assigned_h100e, 40);
}

TEST_F(SnapshotTest, AForgottenSourceThatComesBackIsHeardAgain) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.5)}));
  clock_.Pass(3'700 * kNanosPerSecond);
  Advance();
  state_.Forget("h1");
  Apply(Report("h1", 380, {Assigned("half", 80, "alpha", 0.5)}));
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->assigned_h100e, 40);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").coverage, 1);
}

TEST_F(SnapshotTest, ChipsThatAHostStopsListingAreNotFree) {
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

TEST_F(SnapshotTest, APersonForgetsTheChipsThatALiveHostLostAndNoOthers) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 0.95)}));
  Apply(Report("h1", 1, {Assigned("half", 40, "alpha", 0.95)}));
  EXPECT_EQ(state_.Forget("h1"), 40 * kMicroChipsPerChip);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->unaccounted_h100e, 0);
  EXPECT_DOUBLE_EQ(PoolNamed("alpha").use->assigned_h100e, 20);
}

TEST_F(SnapshotTest, ARejectedSourceIsUnaccountedForAsSoonAsItIsNotLive) {
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

TEST_F(SnapshotTest, ASourceOfWhichNothingWasEverAcceptedIsRejectedWhileItSends) {
  state_.NoteRejected("h1", clock_.UnixNanos());
  EXPECT_EQ(Take()->rejected_sources, 1u);
  clock_.Pass(46 * kNanosPerSecond);
  Advance();
  EXPECT_EQ(Take()->rejected_sources, 0u);
}

TEST_F(SnapshotTest, APlanThatDeclaresFewerChipsSettlesThoseThatAreUnaccountedFor) {
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

TEST_F(SnapshotTest, ChipsOfARenamedPoolAreOfferedByNoPool) {
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

TEST_F(SnapshotTest, OrphanedChipsDoNotMakeAFullPoolNegative) {
  Apply(Report("h1", 0, {Assigned("half", 80, "alpha", 1), Assigned("half", 40, "gamma", 1)}));
  auto dropped = std::make_shared<ReferenceData>(*reference_);
  dropped->plans[0].pools.erase(dropped->plans[0].pools.begin());
  dropped->plans[0].pool_index.clear();
  reference_ = dropped;
  EXPECT_DOUBLE_EQ(*PoolNamed("gamma").headroom_h100e, -10);
  EXPECT_DOUBLE_EQ(PoolNamed("gamma").uncertain_h100e, 0);
  EXPECT_DOUBLE_EQ(*PoolNamed("gamma").utilization, 2) << "its own chips are all heard";
}

TEST_F(SnapshotTest, NamesHostsThatMayCountTwiceWhileMoreIsHeardThanDeclared) {
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

TEST_F(SnapshotTest, CountsABacklogWithoutShowingItAsThePresent) {
  clock_.Pass(600 * kNanosPerSecond);
  ApplyTo(state_, Report("h1", 0, {Assigned("half", 10, "alpha", 1)}), *reference_,
          clock_.UnixNanos());
  const auto snapshot = Take();
  EXPECT_EQ(snapshot->live_sources, 0u);
  EXPECT_EQ(snapshot->silent_sources, 1u);
  EXPECT_DOUBLE_EQ(snapshot->FindPool("alpha")->use->assigned_h100e, 0);
  EXPECT_EQ(snapshot->uses.at("alpha").uses.at(0).booked.chips, 10 * absl::int128(kWindow));
}

TEST_F(SnapshotTest, CountersKeepTheRatioThatWasInForce) {
  Apply(Report("h1", 0, {Assigned("half", 10, "alpha", 1)}));
  auto changed = std::make_shared<ReferenceData>(*reference_);
  std::vector<ChipKind> kinds = reference_->catalog.kinds();
  kinds[0].conversions[0].chips_per_h100e = {4, 1};
  changed->catalog = Catalog(2, kinds);
  reference_ = changed;
  EXPECT_DOUBLE_EQ(Take()->uses.at("alpha").uses.at(0).booked_assigned_h100e_seconds, 50);
  Apply(Report("h1", 1, {Assigned("half", 10, "alpha", 1)}));
  EXPECT_DOUBLE_EQ(Take()->uses.at("alpha").uses.at(0).booked_assigned_h100e_seconds, 50 + 25);
}

TEST_F(SnapshotTest, AKindThatLeftTheCatalogKeepsWhatItIsWorth) {
  Apply(Report("h1", 0, {Assigned("half", 10, "alpha", 1)}));
  auto changed = std::make_shared<ReferenceData>(*reference_);
  changed->catalog = Catalog(2, {reference_->catalog.kinds()[1]});
  changed->plans[0].supply = {{"triple", 50}};
  reference_ = changed;
  const auto snapshot = Take();
  EXPECT_EQ(snapshot->supply.at(1).chip, "half");
  EXPECT_EQ(snapshot->supply.at(1).provider, "unknown");
  EXPECT_DOUBLE_EQ(snapshot->supply.at(1).chips_per_h100e, 2);
}

TEST_F(SnapshotTest, GrantsAllocationForTheTimeItWasInForce) {
  clock_.Pass(10 * kNanosPerSecond);
  Advance();
  reference_ = MakeReferenceData(/*alpha_h100e=*/40);
  Advance();
  clock_.Pass(5 * kNanosPerSecond);
  Advance();
  EXPECT_DOUBLE_EQ(Take()->allocated_h100e_seconds.at("alpha"), 10 * 100 + 5 * 40);
}

TEST_F(SnapshotTest, ShowsPercentilesAndIdleChipsOfPerChipReadings) {
  UsageGroup group = Assigned("half", 0, "alpha", 0);
  for (int i = 0; i < 10; ++i) group.samples.push_back({kMicroChipsPerChip, i / 10.0});
  group.chip_nanos = 10 * kWindow;
  Apply(Report("h1", 0, {group}));
  const PoolView alpha = PoolNamed("alpha");
  EXPECT_DOUBLE_EQ(*alpha.use->activity.p10, 0.0);
  EXPECT_DOUBLE_EQ(*alpha.use->activity.p50, 0.4);
  EXPECT_DOUBLE_EQ(*alpha.use->activity.p90, 0.8);
  EXPECT_DOUBLE_EQ(alpha.use->idle_chips, 1);
  EXPECT_EQ(alpha.use->activity.histogram.count, 10u);
}

TEST_F(SnapshotTest, RemembersSinceWhenATeamHasHeldIdleChips) {
  Apply(Report("h1", 0, {Assigned("half", 4, "alpha", 0)}));
  Advance();
  const int64_t since = clock_.UnixNanos();
  Apply(Report("h1", 1, {Assigned("half", 4, "alpha", 0)}));
  Advance();
  EXPECT_EQ(PoolNamed("alpha").use->teams.at(0).idle_since_unix_nanos, since);
  Apply(Report("h1", 2, {Assigned("half", 4, "alpha", 1)}));
  Advance();
  EXPECT_EQ(PoolNamed("alpha").use->teams.at(0).idle_since_unix_nanos, std::nullopt);
}

TEST_F(SnapshotTest, SumsOfManyMovesLeaveNoResidue) {
  std::mt19937 random(7);
  const char* const pools[] = {"alpha", "beta", "gamma"};
  std::map<std::string, UsageReport> latest;
  for (int step = 0; step < 2'000; ++step) {
    const std::string source = "h" + std::to_string(random() % 12);
    std::vector<UsageGroup> groups;
    for (unsigned g = random() % 4; g > 0; --g) {
      groups.push_back(Assigned(random() % 2 ? "half" : "triple", random() % 9 + 1,
                                pools[random() % 3], (random() % 100) / 99.0,
                                random() % 2 ? "red" : "blue"));
    }
    latest[source] = Report(source, step, groups);
    Apply(latest[source]);
    if (random() % 10 == 0) Advance();
  }
  // The same end, reached without the moves.
  FleetState fresh({.silent_after_nanos = 45 * kNanosPerSecond,
                    .forget_after_nanos = 3'600 * kNanosPerSecond,
                    .keep_windows_nanos = 7'200 * kNanosPerSecond,
                    .idle_below = 0.05});
  for (const auto& [source, report] : latest) {
    ApplyTo(fresh, report, *reference_, clock_.UnixNanos());
  }
  Advance();
  const auto moved = Take();
  const auto direct = MakeSnapshot(fresh.Copy(clock_.UnixNanos()), reference_, kThresholds);
  for (const PoolView& pool : direct->pools) {
    const PoolView& other = *moved->FindPool(pool.pool->name);
    EXPECT_DOUBLE_EQ(other.use->assigned_h100e, pool.use->assigned_h100e);
    EXPECT_DOUBLE_EQ(other.use->busy_h100e, pool.use->busy_h100e);
    EXPECT_DOUBLE_EQ(other.use->unheard_h100e, pool.use->unheard_h100e);
    EXPECT_EQ(other.use->activity.p50, pool.use->activity.p50);
    EXPECT_DOUBLE_EQ(other.use->idle_chips, pool.use->idle_chips);
  }
}

}  // namespace
}  // namespace fleetmeter
