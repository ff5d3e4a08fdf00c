#include "daemon/serve/metrics/plan_metrics.h"

#include <map>
#include <string>
#include <utility>

#include "daemon/base/clock.h"

namespace fleetmeter {
namespace {

using enum MetricType;

// The one series of a family: what `value` gives of the plan in force.
template <auto value>
void OfPlan(const PlanFigures& figures, SeriesWriter& out) {
  out.Sample({}, std::invoke(value, *figures.snapshot.plan));
}

double EffectiveSeconds(const Plan& plan) {
  return static_cast<double>(plan.effective_from_unix_nanos) / kNanosPerSecond;
}

void WritePlanInfo(const PlanFigures& figures, SeriesWriter& out) {
  const Plan& plan = *figures.snapshot.plan;
  out.Sample({plan.name, std::to_string(plan.version), plan.scenario}, 1);
}

void WriteAllocated(const PlanFigures& figures, SeriesWriter& out) {
  std::map<std::pair<Tier, Category>, double> allocated;
  for (const Pool& pool : figures.snapshot.plan->pools) {
    allocated[{pool.tier, pool.category}] += pool.allocated_h100e;
  }
  for (const auto& [key, h100e] : allocated) {
    out.Sample({Name(key.first), Name(key.second)}, h100e);
  }
}

void WriteCatalogInfo(const PlanFigures& figures, SeriesWriter& out) {
  out.Sample({std::to_string(figures.snapshot.reference->catalog.version())}, 1);
}

// Null: there is no framework.
const framework::Assumptions* AssumptionsOf(const PlanFigures& figures) {
  const auto& framework = figures.snapshot.reference->framework;
  return framework ? &framework->assumptions : nullptr;
}

void WriteFrameworkInfo(const PlanFigures& figures, SeriesWriter& out) {
  const framework::Assumptions* assumptions = AssumptionsOf(figures);
  if (assumptions == nullptr) return;
  out.Sample({assumptions->name, std::to_string(assumptions->version), assumptions->baseline}, 1);
}

void WriteFrameworkUtilization(const PlanFigures& figures, SeriesWriter& out) {
  const framework::Assumptions* assumptions = AssumptionsOf(figures);
  if (assumptions != nullptr) out.Sample({}, assumptions->revenue.utilization);
}

constexpr Family<PlanFigures> kPlanFamilies[] = {
    {{"fleetmeter_plan_info",
      kGauge,
      {"plan", "version", "scenario"},
      "The value is 1. The labels name the plan in force."},
     WritePlanInfo},
    {{"fleetmeter_plan_effective_timestamp_seconds",
      kGauge,
      {},
      "The plan in force took effect at this time, as seconds since the Unix epoch."},
     OfPlan<EffectiveSeconds>},
    {{"fleetmeter_plan_supply_h100e",
      kGauge,
      {},
      "The chips that the plan in force declares are worth this many H100e."},
     OfPlan<&Plan::supply_h100e>},
    {{"fleetmeter_plan_allocated_h100e",
      kGauge,
      {"tier", "category"},
      "The plan grants the pools of this tier and category this many H100e together. The series is "
      "absent where there is no such pool."},
     WriteAllocated},
    {{"fleetmeter_plan_tier_share_ratio",
      kGauge,
      {"tier"},
      "The plan gives the tier this share of its supply. The buffer counts as a tier. The value is "
      "0 for a tier that the plan does not name."},
     EachTier<&PlanShare::planned_share>},
    {{"fleetmeter_plan_category_share_ratio",
      kGauge,
      {"category"},
      "The plan gives the category this share of its supply. The value is 0 for a category that "
      "the plan does not name."},
     EachCategory<&PlanShare::planned_share>},
    {{"fleetmeter_plan_tier_h100e",
      kGauge,
      {"tier"},
      "The plan gives the tier this many H100e: its planned share x the supply of the plan."},
     EachTier<&PlanShare::planned_h100e>},
    {{"fleetmeter_plan_category_h100e",
      kGauge,
      {"category"},
      "The plan gives the category this many H100e: its planned share x the supply of the plan."},
     EachCategory<&PlanShare::planned_h100e>},
    {{"fleetmeter_plan_buffer_h100e",
      kGauge,
      {},
      "The plan holds back this many H100e as its buffer: the share of the buffer x the supply of "
      "the plan."},
     OfComparison<[](const PlanComparison& c) { return c.buffer.planned_h100e; }>},
    {{"fleetmeter_catalog_info",
      kGauge,
      {"version"},
      "The value is 1. The label is the version of the catalog in force."},
     WriteCatalogInfo},
    {{"fleetmeter_framework_info",
      kGauge,
      {"framework", "version", "baseline"},
      "The value is 1. The labels name the assumptions of the framework in force. The series is "
      "absent without the setting framework."},
     WriteFrameworkInfo},
    {{"fleetmeter_framework_utilization_ratio",
      kGauge,
      {},
      "The framework assumes that inference uses this part of the H100e that it holds. The series "
      "is absent without the setting framework."},
     WriteFrameworkUtilization},
};

}  // namespace

constexpr MetricGroup<PlanFigures> kPlanMetrics = {
    "Plan",
    "These families show what the plan in force says. The info metrics name the plan, the catalog "
    "and the framework. Every figure of a scrape rests on the documents that the same scrape "
    "names, because they change together.",
    kPlanFamilies,
};

}  // namespace fleetmeter
