// The families of the fleet show what the snapshot says, and nothing where it says nothing.
#include "daemon/serve/metrics/fleet_metrics.h"

#include <gtest/gtest.h>

#include "daemon/serve/metrics/plan_metrics.h"
#include "daemon/serve/metrics/text_format.h"
#include "tests/support/scrape.h"
#include "tests/unit/accounting/fleet_builder.h"

namespace fleetmeter {
namespace {

using e2e::Labels;
using e2e::Scrape;

class FleetMetricsTest : public testing::Test {
 protected:
  FleetMetricsTest() {
    Apply("h1", {Assigned("half", 20, "alpha", 0.5), Assigned("triple", 4, "alpha", 1, "blue"),
                 HeldOnly("half", 130, "beta")});
    Apply("h2", {Free("half", 150, ChipState::kUnassigned)});
    Apply("h3", {Free("triple", 46, ChipState::kUnhealthy)});
    snapshot_ = MakeSnapshot(state_.Copy(kStart + kWindow), reference_, kThresholds);
  }

  template <class Figures>
  static Scrape Written(const MetricGroup<Figures>& group, const Figures& figures) {
    std::string text;
    TextWriter out(text);
    WriteGroup(group, figures, out);
    return Scrape(text);
  }

  void Tell(Demand demand) {
    UsageReport report = Report("h4", 0, {});
    report.demand.push_back(std::move(demand));
    ApplyTo(state_, report, *reference_, kStart + kWindow);
    snapshot_ = MakeSnapshot(state_.Copy(kStart + kWindow), reference_, kThresholds);
  }

  Scrape pools() const { return Written(kPoolMetrics, *snapshot_); }

 private:
  static constexpr KnownThresholds kThresholds{.coverage = 0.9, .measured = 0.9};

  void Apply(const std::string& source, std::vector<UsageGroup> groups) {
    ApplyTo(state_, Report(source, 0, std::move(groups)), *reference_, kStart + kWindow);
  }

  std::shared_ptr<const ReferenceData> reference_ = MakeReferenceData();
  FleetState state_{{.silent_after_nanos = 45 * kNanosPerSecond,
                     .forget_after_nanos = 3'600 * kNanosPerSecond,
                     .keep_windows_nanos = 7'200 * kNanosPerSecond,
                     .idle_below = 0.05}};

 protected:
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(FleetMetricsTest, ShowTheNumbersOfAPool) {
  const Labels alpha = {{"pool", "alpha"}};
  const std::pair<const char*, double> wanted[] = {
      {"allocated_h100e", 100}, {"assigned_h100e", 22},      {"busy_h100e", 17},
      {"idle_h100e", 5},        {"headroom_h100e", 78},      {"borrowed_h100e", 0},
      {"unused_h100e", 83},     {"utilization_ratio", 0.17}, {"measured_ratio", 1},
      {"coverage_ratio", 1},
  };
  for (const auto& [name, value] : wanted) {
    EXPECT_EQ(pools().Value(std::string("fleetmeter_pool_") + name, alpha), value) << name;
  }
  EXPECT_EQ(
      pools().Value("fleetmeter_pool_assigned_h100e", {{"pool", "alpha"}, {"chip", "triple"}}), 12);
  EXPECT_EQ(pools().Value("fleetmeter_pool_chip_activity_count", alpha), 24);
}

TEST_F(FleetMetricsTest, HaveNoSeriesForWhatIsNotKnown) {
  const Labels beta = {{"pool", "beta"}};  // holds chips that nothing measures
  EXPECT_EQ(pools().Value("fleetmeter_pool_borrowed_h100e", beta), 15);
  for (const char* unknown : {"busy_h100e", "idle_h100e", "utilization_ratio", "idle_chips"}) {
    EXPECT_FALSE(pools().Has(std::string("fleetmeter_pool_") + unknown, beta)) << unknown;
  }
}

TEST_F(FleetMetricsTest, ShowWhatWaits) {
  EXPECT_EQ(Written(kDemandMetrics, *snapshot_).samples().size(), 0U) << "nobody tells";
  WaitingWork known;
  known.pool = "alpha";
  known.team = "red";
  known.chip = "half";
  known.micro_chips = 16 * kMicroChipsPerChip;
  known.requests = 2;
  known.oldest_wait_seconds = 600;
  known.median_wait_seconds = 60;
  known.waits.emplace();
  known.waits->requests[0] = 1;
  known.waits->requests[2] = 1;
  known.waits->total_seconds = 660;
  WaitingWork strange = known;
  strange.chip = "h9000";
  Tell({.scheduler = "slurm", .pools = {"alpha", "gamma"}, .waiting = {known, strange}});
  const Scrape demand = Written(kDemandMetrics, *snapshot_);
  const Labels alpha = {{"pool", "alpha"}};
  EXPECT_EQ(demand.Value("fleetmeter_pool_demand_h100e", alpha), 8);
  EXPECT_EQ(demand.Value("fleetmeter_pool_demand_requests", alpha), 4);
  EXPECT_EQ(demand.Value("fleetmeter_pool_demand_oldest_wait_seconds", alpha), 600);
  EXPECT_EQ(demand.Value("fleetmeter_pool_demand_median_wait_seconds", alpha), 60);
  for (const auto& [le, count] : {std::pair("60", 2), {"300", 2}, {"900", 4}, {"+Inf", 4}}) {
    EXPECT_EQ(
        demand.Value("fleetmeter_pool_demand_wait_seconds_bucket", {{"pool", "alpha"}, {"le", le}}),
        count)
        << le;
  }
  EXPECT_EQ(demand.Value("fleetmeter_pool_demand_wait_seconds_count", alpha), 4);
  EXPECT_EQ(demand.Value("fleetmeter_pool_demand_wait_seconds_sum", alpha), 1'320);
  EXPECT_EQ(demand.Value("fleetmeter_pool_demand_wait_seconds_count", {{"pool", "gamma"}}), 0);
  EXPECT_EQ(
      demand.Value("fleetmeter_pool_demand_servable_h100e", {{"pool", "alpha"}, {"room", "own"}}),
      8);
  EXPECT_EQ(demand.Value("fleetmeter_pool_demand_uncounted_chips",
                         {{"pool", "alpha"}, {"chip", "h9000"}}),
            16);
  EXPECT_EQ(demand.Value("fleetmeter_team_demand_h100e", {{"pool", "alpha"}, {"team", "red"}}), 8);
  const Labels gamma = {{"pool", "gamma"}};
  EXPECT_EQ(demand.Value("fleetmeter_pool_demand_h100e", gamma), 0);
  EXPECT_FALSE(demand.Has("fleetmeter_pool_demand_oldest_wait_seconds", gamma));
  EXPECT_FALSE(demand.Has("fleetmeter_pool_demand_h100e", {{"pool", "beta"}}));
}

TEST_F(FleetMetricsTest, ShowSupplyTeamsAndBooks) {
  const Scrape supply = Written(kSupplyMetrics, *snapshot_);
  EXPECT_EQ(supply.Value("fleetmeter_supply_chips", {{"chip", "half"}, {"state", "assigned"}}),
            150);
  EXPECT_EQ(supply.Value("fleetmeter_supply_h100e", {{"chip", "triple"}, {"state", "unhealthy"}}),
            138);
  EXPECT_EQ(supply.Value("fleetmeter_supply_coverage_ratio"), 1);
  EXPECT_EQ(supply.Value("fleetmeter_sources", {{"state", "live"}}), 3);
  const Scrape teams = Written(kTeamMetrics, *snapshot_);
  EXPECT_EQ(teams.Value("fleetmeter_team_busy_h100e", {{"pool", "alpha"}, {"team", "blue"}}), 12);
  EXPECT_FALSE(teams.Has("fleetmeter_team_idle_since_timestamp_seconds"));
  const Scrape books = Written(kBookMetrics, *snapshot_);
  EXPECT_EQ(books.Value("fleetmeter_pool_assigned_chip_seconds_total", {{"pool", "alpha"}}), 240);
  EXPECT_EQ(books.Value("fleetmeter_pool_busy_h100e_seconds_total", {{"chip", "half"}}), 50);
}

TEST_F(FleetMetricsTest, ShowThePlanBesideTheFleet) {
  const PlanFigures figures{*snapshot_, ComparePlan(*snapshot_)};
  const Scrape plan = Written(kPlanMetrics, figures);
  EXPECT_EQ(plan.Value("fleetmeter_plan_supply_h100e"), 300);
  EXPECT_EQ(plan.Value("fleetmeter_plan_category_h100e", {{"category", "research"}}), 180);
  const Scrape beside = Written(kPlanComparisonMetrics, figures);
  EXPECT_EQ(beside.Value("fleetmeter_plan_unassigned_share_ratio"), 75 / 300.0);
  EXPECT_EQ(beside.Value("fleetmeter_plan_unavailable_share_ratio"), 138 / 300.0);
  EXPECT_EQ(beside.Value("fleetmeter_plan_category_actual_share_ratio", {{"category", "research"}}),
            87 / 300.0);
  EXPECT_FALSE(beside.Has("fleetmeter_plan_inference_utilization_ratio"));
  // Without a framework there is no pace.
  EXPECT_EQ(Written(kPaceMetrics, figures).samples().size(), 0U);
}

}  // namespace
}  // namespace fleetmeter
