// The live numbers: what people read, from reports to snapshot.
#include "daemon/view/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/view/snapshot_fixture.h"

namespace fleetmeter {
namespace {

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

TEST_F(SnapshotTest, PricesIdleChipsByTheirKind) {
  auto priced = std::make_shared<ReferenceData>(*reference_);
  std::vector<ChipKind> kinds = reference_->catalog.kinds();
  for (ChipKind& kind : kinds) {
    if (kind.name == "half") kind.micro_usd_per_chip_hour = 1'500'000;
    if (kind.name == "triple") kind.micro_usd_per_chip_hour = 4'000'000;
  }
  priced->catalog = Catalog(1, kinds);
  reference_ = priced;
  Apply(Report("h1", 0,
               {Assigned("half", 4, "alpha", 0), Assigned("triple", 2, "alpha", 0, "blue"),
                Assigned("triple", 8, "alpha", 1)}));
  const PoolView alpha = PoolNamed("alpha");
  EXPECT_DOUBLE_EQ(*alpha.use->idle_cost.UsdPerDay(), 24 * (4 * 1.5 + 2 * 4));
  ASSERT_EQ(alpha.use->teams.size(), 2u);
  EXPECT_EQ(alpha.use->teams[0].team, "blue");
  EXPECT_DOUBLE_EQ(*alpha.use->teams[0].idle_cost.UsdPerDay(), 24 * 2 * 4);
  EXPECT_DOUBLE_EQ(*alpha.use->teams[1].idle_cost.UsdPerDay(), 24 * 4 * 1.5);
}

TEST_F(SnapshotTest, DoesNotKnowWhatIdleChipsWithoutAPriceCost) {
  Apply(Report("h1", 0, {Assigned("half", 4, "alpha", 0), Assigned("half", 4, "beta", 1)}));
  EXPECT_EQ(PoolNamed("alpha").use->idle_cost.UsdPerDay(), std::nullopt);
  EXPECT_EQ(PoolNamed("beta").use->idle_cost.UsdPerDay(), 0) << "none is idle";
  EXPECT_EQ(PoolNamed("gamma").use->idle_cost.UsdPerDay(), std::nullopt) << "nobody measures it";
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
