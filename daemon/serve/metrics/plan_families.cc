#include "daemon/serve/metrics/plan_families.h"

#include <map>
#include <string>
#include <utility>

#include "daemon/base/clock.h"

namespace fleetmeter {
namespace {

void WritePlan(const Snapshot& snapshot, TextWriter& out) {
  const Plan& plan = *snapshot.plan;
  out.Family("fleetmeter_plan_info", "gauge", "1 for the plan in force.");
  out.Sample(
      {{"plan", plan.name}, {"version", std::to_string(plan.version)}, {"scenario", plan.scenario}},
      1);
  out.Family("fleetmeter_plan_effective_timestamp_seconds", "gauge",
             "When the plan in force took effect.");
  out.Sample({}, static_cast<double>(plan.effective_from_unix_nanos) / kNanosPerSecond);
  out.Family("fleetmeter_plan_supply_h100e", "gauge", "Declared supply of the plan in force.");
  out.Sample({}, plan.supply_h100e);
  out.Family("fleetmeter_plan_allocated_h100e", "gauge",
             "Sum of the allocations of the pools of a tier and category.");
  std::map<std::pair<Tier, Category>, double> allocated;
  for (const Pool& pool : plan.pools) allocated[{pool.tier, pool.category}] += pool.allocated_h100e;
  for (const auto& [key, h100e] : allocated) {
    out.Sample({{"tier", Name(key.first)}, {"category", Name(key.second)}}, h100e);
  }
  out.Family("fleetmeter_catalog_info", "gauge", "1 for the catalog in force.");
  out.Sample({{"version", std::to_string(snapshot.reference->catalog.version())}}, 1);
}

void WriteFramework(const ReferenceData& reference, TextWriter& out) {
  const framework::Assumptions* assumptions =
      reference.framework ? &reference.framework->assumptions : nullptr;
  out.Family("fleetmeter_framework_info", "gauge", "1 for the framework's assumptions in force.");
  if (assumptions != nullptr) {
    out.Sample({{"framework", assumptions->name},
                {"version", std::to_string(assumptions->version)},
                {"baseline", assumptions->baseline}},
               1);
  }
  out.Family("fleetmeter_framework_utilization_ratio", "gauge",
             "Utilization of inference that the framework assumes.");
  if (assumptions != nullptr) out.Sample({}, assumptions->revenue.utilization);
}

// A single number; one that is not known gives no sample.
void WriteOne(TextWriter& out, std::string_view name, std::string_view help,
              const std::optional<double>& value) {
  out.Family(name, "gauge", help);
  if (value) out.Sample({}, *value);
}

// The rows of tiers or of categories, which `what` names.
template <class Key>
void WriteShares(const std::map<Key, PlanShare>& rows, const std::string& what, TextWriter& out) {
  const auto each = [&](std::string_view metric, std::string_view help, auto value) {
    out.Family("fleetmeter_plan_" + what + std::string(metric), "gauge", help);
    for (const auto& [key, row] : rows) {
      if (const std::optional<double> v = value(row)) out.Sample({{what, Name(key)}}, *v);
    }
  };
  each("_share_ratio", "Planned share of the supply.",
       [](const PlanShare& row) { return row.planned_share; });
  each("_h100e", "Planned share of the plan's supply, in H100e.",
       [](const PlanShare& row) { return row.planned_h100e; });
  each("_actual_share_ratio", "Assigned to its pools over H100e heard from.",
       [](const PlanShare& row) { return row.actual_share; });
  each("_drift_ratio", "Actual less planned share.",
       [](const PlanShare& row) { return row.drift; });
}

void WriteRest(const PlanComparison& comparison, TextWriter& out) {
  WriteOne(out, "fleetmeter_plan_unassigned_share_ratio",
           "Part of the H100e heard from that is unassigned.", comparison.unassigned_share);
  WriteOne(out, "fleetmeter_plan_unavailable_share_ratio",
           "Part of the H100e heard from that is unhealthy or reserved.",
           comparison.unavailable_share);
  WriteOne(out, "fleetmeter_plan_unplanned_share_ratio",
           "Part of the H100e heard from that pools hold that the plan does not know.",
           comparison.unplanned_share);
}

void WriteBuffer(const Snapshot& snapshot, const Buffer& buffer, TextWriter& out) {
  out.Family("fleetmeter_plan_buffer_h100e", "gauge", "What the plan holds back.");
  out.Sample({}, buffer.planned_h100e);
  out.Family("fleetmeter_plan_buffer_consumed_h100e", "gauge",
             "Part of the buffer that is in use, by cause and pool.");
  if (!buffer.consumed_h100e) return;
  // Every pool of the plan, so that a borrower's series begins at 0.
  std::map<std::string, double> by_pool;
  for (const Pool& pool : snapshot.plan->pools) by_pool[pool.name] = 0;
  double unavailable = 0;
  for (const Buffer::Consumer& consumer : buffer.consumers) {
    (consumer.pool.empty() ? unavailable : by_pool[consumer.pool]) += consumer.h100e;
  }
  for (const auto& [pool, h100e] : by_pool) {
    out.Sample({{"cause", "borrowed"}, {"pool", pool}}, h100e);
  }
  out.Sample({{"cause", "unavailable"}, {"pool", ""}}, unavailable);
}

void WriteRevenue(const std::optional<Pace>& pace, TextWriter& out) {
  const auto each = [&](std::string_view what, std::string_view help, auto value) {
    out.Family("fleetmeter_pace_" + std::string(what) + "_revenue_usd_per_year", "gauge", help);
    if (!pace) return;
    for (const RevenuePace& on_curve : pace->revenue) {
      if (const std::optional<double> v = value(on_curve)) {
        out.Sample({{"curve", on_curve.curve}}, *v);
      }
    }
  };
  each("planned", "What the plan's inference share earns at the framework's utilization.",
       [](const RevenuePace& on_curve) { return on_curve.planned_usd; });
  each("serviceable", "What a year like this moment earns.",
       [](const RevenuePace& on_curve) { return on_curve.serviceable_usd; });
  each("forgone", "max(0, planned - serviceable).",
       [](const RevenuePace& on_curve) { return on_curve.forgone_usd; });
}

void WriteTraining(const std::optional<Pace>& pace, TextWriter& out) {
  std::optional<double> planned;
  std::optional<double> actual;
  if (pace) planned = pace->planned_training_hours * kSecondsPerHour;
  if (pace && pace->training_hours) actual = *pace->training_hours * kSecondsPerHour;
  WriteOne(out, "fleetmeter_pace_planned_training_h100e_seconds_per_year",
           "What the plan's training share gives in a year.", planned);
  WriteOne(out, "fleetmeter_pace_training_h100e_seconds_per_year",
           "What a year like this moment gives training.", actual);
}

}  // namespace

void WritePlanFamilies(const Snapshot& snapshot, const PlanComparison& comparison,
                       TextWriter& out) {
  WritePlan(snapshot, out);
  WriteFramework(*snapshot.reference, out);
  WriteShares(comparison.tiers, "tier", out);
  WriteShares(comparison.categories, "category", out);
  WriteRest(comparison, out);
  WriteBuffer(snapshot, comparison.buffer, out);
  WriteOne(out, "fleetmeter_plan_p0_shortfall_h100e",
           "Part of P0's guarantee that no free chip could fill.", comparison.p0_shortfall_h100e);
  WriteOne(out, "fleetmeter_plan_inference_utilization_ratio",
           "Busy over assigned, of what inference holds and is measured.",
           comparison.inference_utilization);
  WriteRevenue(comparison.pace, out);
  WriteTraining(comparison.pace, out);
}

}  // namespace fleetmeter
