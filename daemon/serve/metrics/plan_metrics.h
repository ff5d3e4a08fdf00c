// The groups of families about the plan and the framework, and about the plan beside what is
// measured.
#pragma once

#include "daemon/serve/metrics/metric_group.h"
#include "daemon/view/plan_comparison.h"
#include "daemon/view/snapshot.h"

namespace fleetmeter {

struct PlanFigures {
  const Snapshot& snapshot;
  PlanComparison comparison;  // of the snapshot
};

extern const MetricGroup<PlanFigures> kPlanMetrics;
extern const MetricGroup<PlanFigures> kPlanComparisonMetrics;
extern const MetricGroup<PlanFigures> kPaceMetrics;
extern const MetricGroup<PlanFigures> kFrameworkMetrics;

// A series for each tier: what `value` gives of its PlanShare.
template <auto value>
void EachTier(const PlanFigures& figures, SeriesWriter& out) {
  for (const auto& [tier, share] : figures.comparison.tiers) {
    out.Sample({Name(tier)}, std::invoke(value, share));
  }
}

template <auto value>
void EachCategory(const PlanFigures& figures, SeriesWriter& out) {
  for (const auto& [category, share] : figures.comparison.categories) {
    out.Sample({Name(category)}, std::invoke(value, share));
  }
}

// The one series of a family: what `value` gives of the comparison.
template <auto value>
void OfComparison(const PlanFigures& figures, SeriesWriter& out) {
  out.Sample({}, std::invoke(value, figures.comparison));
}

}  // namespace fleetmeter
