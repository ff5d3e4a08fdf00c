#include <map>
#include <string>

#include "daemon/serve/metrics/plan_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;

void WriteBufferConsumed(const PlanFigures& figures, SeriesWriter& out) {
  const Buffer& buffer = figures.comparison.buffer;
  if (!buffer.consumed_h100e) return;
  // Every pool of the plan, so that a borrower's series begins at 0.
  std::map<std::string, double> by_pool;
  for (const Pool& pool : figures.snapshot.plan->pools) by_pool[pool.name] = 0;
  double unavailable = 0;
  for (const Buffer::Consumer& consumer : buffer.consumers) {
    (consumer.pool.empty() ? unavailable : by_pool[consumer.pool]) += consumer.h100e;
  }
  for (const auto& [pool, h100e] : by_pool) out.Sample({"borrowed", pool}, h100e);
  out.Sample({"unavailable", ""}, unavailable);
}

constexpr Family<PlanFigures> kPlanComparisonFamilies[] = {
    {{"fleetmeter_plan_tier_actual_share_ratio",
      kGauge,
      {"tier"},
      "The actual share of the tier is assigned / total heard, where assigned is what the pools of "
      "the tier hold. The series is absent for the buffer, and while the coverage of those pools "
      "is below live.coverage_threshold."},
     EachTier<&PlanShare::actual_share>},
    {{"fleetmeter_plan_category_actual_share_ratio",
      kGauge,
      {"category"},
      "The actual share of the category is assigned / total heard, where assigned is what the "
      "pools of the category hold. The series is absent while the coverage of those pools is below "
      "live.coverage_threshold."},
     EachCategory<&PlanShare::actual_share>},
    {{"fleetmeter_plan_unassigned_share_ratio",
      kGauge,
      {},
      "The unassigned share is unassigned / total heard."},
     OfComparison<&PlanComparison::unassigned_share>},
    {{"fleetmeter_plan_unavailable_share_ratio",
      kGauge,
      {},
      "The unavailable share is (unhealthy + reserved) / total heard."},
     OfComparison<&PlanComparison::unavailable_share>},
    {{"fleetmeter_plan_unplanned_share_ratio",
      kGauge,
      {},
      "The unplanned share is (assigned to pools that the plan does not know) / total heard. The "
      "unassigned, unavailable and unplanned shares add up to 1 with the actual shares of all "
      "categories, and also with those of all tiers."},
     OfComparison<&PlanComparison::unplanned_share>},
    {{"fleetmeter_plan_tier_drift_ratio",
      kGauge,
      {"tier"},
      "Drift is actual share - planned share. It is positive when the tier holds more than "
      "planned. The series is absent where the actual share is."},
     EachTier<&PlanShare::drift>},
    {{"fleetmeter_plan_category_drift_ratio",
      kGauge,
      {"category"},
      "Drift is actual share - planned share. It is positive when the category holds more than "
      "planned. The series is absent where the actual share is."},
     EachCategory<&PlanShare::drift>},
    {{"fleetmeter_plan_buffer_consumed_h100e",
      kGauge,
      {"cause", "pool"},
      "The consumed part of the buffer is clamp(held + unavailable - (expected - buffer), 0, "
      "buffer), in H100e, where buffer is fleetmeter_plan_buffer_h100e. The series add up to it "
      "and split it in proportion to the causes. The cause borrowed is what a pool holds beyond "
      "its allocation. The cause unavailable has an empty pool, which Prometheus reads as no "
      "label. It also takes what neither cause explains, when the supply has become worth less "
      "than planned. The value is 0 for a pool of the plan that consumes nothing."},
     WriteBufferConsumed},
    {{"fleetmeter_plan_p0_shortfall_h100e",
      kGauge,
      {},
      "The shortfall of P0 is max(0, missing - unassigned), in H100e: the part of the guarantee of "
      "P0 that no free chip could fill. Missing is the sum of max(0, allocated - assigned - "
      "unheard - unaccounted - fleetmeter_pool_headroom_uncertain_h100e) over the pools of P0."},
     OfComparison<&PlanComparison::p0_shortfall_h100e>},
    {{"fleetmeter_plan_inference_utilization_ratio",
      kGauge,
      {},
      "The utilization of inference is busy / assigned, of the H100e that the pools of inference "
      "hold and whose activity is measured. It relates to what they hold, whereas "
      "fleetmeter_pool_utilization_ratio relates to what a pool is granted. The series is absent "
      "where the actual share of inference is, and while the measured part of what inference holds "
      "is below live.measured_threshold."},
     OfComparison<&PlanComparison::inference_utilization>},
};

}  // namespace

constexpr MetricGroup<PlanFigures> kPlanComparisonMetrics = {
    "Plan beside fleet",
    "These families hold the plan in force against what is measured. What is measured is absent "
    "while the coverage of the supply is below `live.coverage_threshold`, because silence is not "
    "idleness. The following words have the same meaning in all rows, in H100e.\n\n*Total heard* "
    "is the sum of what live sources report as assigned (to any pool, each chip as its pool counts "
    "it), unassigned, unhealthy and reserved. *Unavailable* is unhealthy and reserved. *Held* is "
    "what is assigned to pools and what of theirs is unheard or unaccounted "
    "(`fleetmeter_pool_unheard_h100e`, `fleetmeter_pool_unaccounted_h100e`). *Expected* is what "
    "the coverage of the supply is a part of "
    "(`fleetmeter_supply_coverage_ratio`). Sums are formed before anything is divided.",
    kPlanComparisonFamilies,
};

}  // namespace fleetmeter
