#include "daemon/serve/query/comparison_messages.h"

#include <string>
#include <string_view>

#include "daemon/serve/query/framework_messages.h"
#include "daemon/serve/query/snapshot_messages.h"

namespace fleetmeter {
namespace {

void FillRow(std::string_view name, const PlanShare& from, v1::CompareResponse::Row& to) {
  to.set_name(std::string(name));
  to.set_planned_share_ratio(from.planned_share);
  to.set_planned_h100e(from.planned_h100e);
  if (from.actual_share) to.set_actual_share_ratio(*from.actual_share);
  if (from.actual_h100e) to.set_actual_h100e(*from.actual_h100e);
  if (from.drift) to.set_drift_ratio(*from.drift);
}

void FillBuffer(const Buffer& buffer, v1::CompareResponse& response) {
  response.set_buffer_h100e(buffer.planned_h100e);
  if (buffer.consumed_h100e) response.set_buffer_consumed_h100e(*buffer.consumed_h100e);
  for (const Buffer::Consumer& from : buffer.consumers) {
    v1::CompareResponse::Consumer& to = *response.add_buffer_consumers();
    to.set_pool(from.pool);
    to.set_h100e(from.h100e);
  }
}

void FillPace(const Pace& pace, v1::CompareResponse& response) {
  for (const RevenuePace& from : pace.revenue) {
    v1::CompareResponse::Pace& to = *response.add_revenue();
    to.set_curve(from.curve);
    to.set_planned_revenue_usd(from.planned_usd);
    if (from.serviceable_usd) to.set_serviceable_revenue_usd(*from.serviceable_usd);
    if (from.forgone_usd) to.set_forgone_revenue_usd(*from.forgone_usd);
  }
  response.set_planned_training_hours(pace.planned_training_hours);
  if (pace.training_hours) response.set_training_hours(*pace.training_hours);
}

}  // namespace

void FillComparison(const Snapshot& snapshot, const PlanComparison& comparison,
                    v1::CompareResponse& response) {
  FillBasis(snapshot, *response.mutable_basis());
  if (const auto& framework = snapshot.reference->framework) {
    *response.mutable_framework() = BasisMessage(framework->assumptions, {});
  }
  response.set_supply_h100e(snapshot.plan->supply_h100e);
  if (comparison.coverage) response.set_coverage_ratio(*comparison.coverage);
  for (const auto& [tier, share] : comparison.tiers) {
    FillRow(Name(tier), share, *response.add_tiers());
  }
  for (const auto& [category, share] : comparison.categories) {
    FillRow(Name(category), share, *response.add_categories());
  }
  if (const auto& share = comparison.unassigned_share) response.set_unassigned_share_ratio(*share);
  if (const auto& share = comparison.unavailable_share) {
    response.set_unavailable_share_ratio(*share);
  }
  if (const auto& share = comparison.unplanned_share) response.set_unplanned_share_ratio(*share);
  FillBuffer(comparison.buffer, response);
  if (const auto& h100e = comparison.p0_shortfall_h100e) response.set_p0_shortfall_h100e(*h100e);
  if (const auto& utilization = comparison.inference_utilization) {
    response.set_inference_utilization_ratio(*utilization);
  }
  if (comparison.pace) FillPace(*comparison.pace, response);
}

}  // namespace fleetmeter
