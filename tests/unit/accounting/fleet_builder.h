// A small fleet for tests: two kinds of chips, three pools, reports with few words.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/accounting/count_report.h"
#include "daemon/accounting/fleet_state.h"
#include "daemon/base/clock.h"
#include "daemon/domain/reference_data.h"
#include "daemon/domain/report/usage_report.h"
#include "tests/support/manual_clock.h"

namespace fleetmeter {

inline constexpr int64_t kWindow = 10 * kNanosPerSecond;

// "half" is worth 1/2 H100e (2 chips an H100e), "triple" 3 (1/3 chip an H100e), for decode work 2.
// Pools: alpha 100 H100e (lends half of what it does not use), beta 50 (may borrow 20), gamma 10.
inline std::shared_ptr<const ReferenceData> MakeReferenceData(double alpha_h100e = 100) {
  const auto kind = [](std::string name, Ratio ratio) {
    ChipKind chip;
    chip.name = std::move(name);
    chip.provider = "lab";
    chip.conversions.push_back({.effective_from_unix_nanos = 0,
                                .chips_per_h100e = ratio,
                                .by_workload_type = {},
                                .basis = "test"});
    return chip;
  };
  ChipKind triple = kind("triple", {1, 3});
  triple.conversions[0].by_workload_type["decode"] = {1, 2};
  auto model = std::make_shared<ReferenceData>();
  model->catalog = Catalog(1, {kind("half", {2, 1}), triple});
  PlanDocument plan;
  plan.name = "test";
  plan.version = 1;
  plan.scenario = "unit";
  plan.supply = {{"half", 300}, {"triple", 50}};
  plan.tier_shares = {{Tier::kP2, 0.9}, {Tier::kBuffer, 0.1}};
  plan.category_shares = {{Category::kResearch, 0.6}, {Category::kTraining, 0.3}};
  const auto pool = [](std::string name, Category category, double h100e, LendingPolicy policy) {
    PoolDocument p;
    p.name = std::move(name);
    p.category = category;
    p.owner = "owner";
    p.contact = "#owner";
    p.teams = {"red", "blue"};
    p.allocation = AbsoluteAllocation{h100e};
    p.policy = policy;
    return p;
  };
  plan.pools = {pool("alpha", Category::kResearch, alpha_h100e, {0.5, std::nullopt}),
                pool("beta", Category::kResearch, 50, {0, 20.0}),
                pool("gamma", Category::kTraining, 10, {0, 0.0})};
  Plan compiled;
  if (!CompilePlan(plan, model->catalog, &compiled).empty()) return nullptr;
  model->plans = {compiled};
  return model;
}

inline UsageGroup Assigned(std::string chip, int64_t chips, std::string pool, double activity,
                           std::string team = "red") {
  UsageGroup group;
  group.chip = std::move(chip);
  group.pool = std::move(pool);
  group.team = std::move(team);
  group.signal = "gr_engine_active";
  group.chip_nanos = chips * kWindow;
  group.busy_chip_nanos = static_cast<int64_t>(static_cast<double>(group.chip_nanos) * activity);
  for (int64_t i = 0; i < chips; ++i) group.samples.push_back({kMicroChipsPerChip, activity});
  return group;
}

inline UsageGroup HeldOnly(std::string chip, int64_t chips, std::string pool) {
  UsageGroup group = Assigned(std::move(chip), chips, std::move(pool), 0);
  group.signal = std::string(kAllocatedOnly);
  group.busy_chip_nanos.reset();
  group.samples.clear();
  return group;
}

inline UsageGroup Free(std::string chip, int64_t chips, ChipState state, std::string pool = "") {
  UsageGroup group;
  group.state = state;
  group.chip = std::move(chip);
  group.pool = std::move(pool);
  group.chip_nanos = chips * kWindow;
  return group;
}

// A window of ten seconds that starts `index` windows after kStart.
inline UsageReport Report(std::string source, int64_t index, std::vector<UsageGroup> groups) {
  UsageReport report;
  report.source = std::move(source);
  report.window_start_unix_nanos = kStart + index * kWindow;
  report.window_length_nanos = kWindow;
  report.duration_nanos = kWindow;
  report.groups = std::move(groups);
  return report;
}

// Counts an admitted report, as the writer does once it is committed.
inline void ApplyTo(FleetState& state, const UsageReport& report, const ReferenceData& reference,
                    int64_t now_unix_nanos) {
  const AdmissionContext context = {.reference = reference,
                                    .limits = {INT64_MAX / 4, INT64_MAX / 4, 0, 0},
                                    .now = {now_unix_nanos, now_unix_nanos, false},
                                    .windows = state.Windows(report.source)};
  state.Apply(
      CountReport({}, {.sequence = 1, .digest = 0, .report = report, .rejection = {}}, context),
      now_unix_nanos);
}

}  // namespace fleetmeter
