// A fleet with a pool of every category and a framework, for tests of the plan beside what happens.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "daemon/view/plan_comparison.h"
#include "tests/unit/accounting/fleet_builder.h"

namespace fleetmeter {

// An H100-hour earns 36 x utilization x 50% US dollars on the straight line.
inline FrameworkDocument MakeFramework() {
  FrameworkDocument document;
  framework::Assumptions& a = document.assumptions;
  a.name = "test";
  a.version = 3;
  a.baseline = "base";
  a.hours_per_year = 8'760;
  a.prices = {{.name = "m",
               .title = "M",
               .released = "",
               .usage = 1,
               .usd_per_million_input = 0,
               .usd_per_million_output = 10}};
  a.throughput.sizes = {{.name = "s", .output_tokens_per_second = 1'000, .weight = 1}};
  a.revenue.utilization = 0.2;
  a.revenue.discount = 0.5;
  a.revenue.curve = "linear";
  a.revenue.curves = {{"linear", framework::LinearCurve{}},
                      {"log", framework::LogarithmicCurve{.steepness = 8, .anchor = 0.2}}};
  return document;
}

// Supply: 300 H100e, half of each kind. serve 90 H100e, train 90, lab 45, safe 30; buffer 45.
inline std::shared_ptr<ReferenceData> MakePlannedReferenceData() {
  auto model = std::make_shared<ReferenceData>();
  model->catalog = MakeReferenceData()->catalog;
  PlanDocument plan;
  plan.name = "planned";
  plan.version = 1;
  plan.supply = {{"half", 300}, {"triple", 50}};
  plan.tier_shares = {{Tier::kP0, 0.1}, {Tier::kP1, 0.3}, {Tier::kP2, 0.45}, {Tier::kBuffer, 0.15}};
  plan.category_shares = {{Category::kInference, 0.3},
                          {Category::kTraining, 0.3},
                          {Category::kResearch, 0.15},
                          {Category::kSafety, 0.1}};
  const auto add = [&](std::string name, Category category, Tier tier, double h100e) {
    PoolDocument pool;
    pool.name = std::move(name);
    pool.category = category;
    pool.tier = tier;
    pool.owner = "owner";
    pool.contact = "#owner";
    pool.teams = {"red"};
    pool.allocation = AbsoluteAllocation{h100e};
    plan.pools.push_back(pool);
  };
  add("serve", Category::kInference, Tier::kP2, 90);
  add("train", Category::kTraining, Tier::kP1, 90);
  add("lab", Category::kResearch, Tier::kP2, 45);
  add("safe", Category::kSafety, Tier::kP0, 30);
  Plan compiled;
  EXPECT_TRUE(CompilePlan(plan, model->catalog, &compiled).empty());
  model->plans = {compiled};
  model->framework = MakeFramework();
  return model;
}

class PlanFleet : public testing::Test {
 protected:
  void Apply(const UsageReport& report) {
    clock_.unix_nanos = std::max(clock_.unix_nanos.load(), report.WindowEnd());
    ApplyTo(state_, report, *reference_, clock_.UnixNanos());
  }

  // A report of each host as of now; those that are not named again fall silent after 45 s.
  void Hold(const std::string& host, std::vector<UsageGroup> groups, int64_t window = 0) {
    Apply(Report(host, window, std::move(groups)));
  }

  PlanComparison Compare() {
    state_.Advance(reference_, clock_.UnixNanos(), clock_.MonotonicNanos());
    snapshot_ = MakeSnapshot(state_.Copy(clock_.UnixNanos()), reference_, kThresholds);
    return ComparePlan(*snapshot_);
  }

  std::string WhyNoStart() {
    const auto start = LiveStart(Compare());
    EXPECT_EQ(start.status().code(), absl::StatusCode::kFailedPrecondition);
    return std::string(start.status().message());
  }

  static constexpr KnownThresholds kThresholds{.coverage = 0.9, .measured = 0.9};
  std::shared_ptr<ReferenceData> reference_ = MakePlannedReferenceData();
  ManualClock clock_;
  FleetState state_{{.silent_after_nanos = 45 * kNanosPerSecond,
                     .forget_after_nanos = 3'600 * kNanosPerSecond,
                     .keep_windows_nanos = 7'200 * kNanosPerSecond,
                     .idle_below = 0.05}};
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace fleetmeter
