// What the plan and the moment are worth in a year, and the moment as a start for what-if.
#include <algorithm>

#include "daemon/domain/framework/economics.h"
#include "daemon/view/plan_comparison.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// H100e that a category has of the whole supply. Measured on what is heard from: the silent rest is
// taken to be shared out alike, so that a few silent hosts are not lost revenue.
std::optional<double> OfSupply(const PlanComparison& comparison, Category category) {
  const auto& share = comparison.categories.at(category).actual_share;
  if (!share) return std::nullopt;
  return *share * comparison.expected_h100e;
}

absl::Status NotKnown(std::string_view what, double is, double threshold) {
  return absl::FailedPreconditionError(
      fmt::format("{} {:.1f}%; expected at least {:.6g}%", what, is * 100, threshold * 100));
}

// Ok: the actual shares are known.
absl::Status CheckShares(const PlanComparison& comparison) {
  const double threshold = comparison.thresholds.coverage;
  if (!comparison.coverage || *comparison.coverage <= 0) {
    return absl::FailedPreconditionError(
        "nothing is heard of the fleet; expected collectors that report");
  }
  if (*comparison.coverage < threshold) {
    return NotKnown("the part of the supply that is heard from is", *comparison.coverage,
                    threshold);
  }
  for (const auto& [category, row] : comparison.categories) {
    if (row.actual_share) continue;
    return NotKnown(fmt::format("the part of {}'s chips that is heard from is", Name(category)),
                    row.coverage.value_or(0), threshold);
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<Pace> WorkOutPace(const PlanComparison& comparison, const Plan& plan,
                                const ReferenceData& reference) {
  if (!reference.framework) return std::nullopt;
  const framework::Assumptions& assumptions = reference.framework->assumptions;
  const framework::RevenueModel revenue(assumptions);
  const double hours = assumptions.hours_per_year;
  const auto planned_hours = [&](Category category) {
    return comparison.categories.at(category).planned_share * plan.supply_h100e * hours;
  };
  const std::optional<double> inference = OfSupply(comparison, Category::kInference);
  const std::optional<double>& utilization = comparison.inference_utilization;

  Pace pace;
  for (const auto& [name, curve] : assumptions.revenue.curves) {
    RevenuePace on_curve;
    on_curve.curve = name;
    on_curve.planned_usd = planned_hours(Category::kInference) *
                           revenue.UsdPerH100Hour(assumptions.revenue.utilization, name);
    if (inference && *inference <= 0) {
      on_curve.serviceable_usd = 0;  // whatever its utilization would be
    } else if (inference && utilization) {
      on_curve.serviceable_usd = *inference * hours * revenue.UsdPerH100Hour(*utilization, name);
    }
    if (on_curve.serviceable_usd) {
      on_curve.forgone_usd = std::max(0.0, on_curve.planned_usd - *on_curve.serviceable_usd);
    }
    pace.revenue.push_back(std::move(on_curve));
  }
  pace.planned_training_hours = planned_hours(Category::kTraining);
  if (const auto training = OfSupply(comparison, Category::kTraining)) {
    pace.training_hours = *training * hours;
  }
  return pace;
}

absl::StatusOr<framework::LiveShares> LiveStart(const PlanComparison& comparison) {
  if (absl::Status status = CheckShares(comparison); !status.ok()) return status;
  if (!comparison.inference_measured) {
    return absl::FailedPreconditionError(
        "inference holds no chips, so its utilization is not known; expected some that it uses");
  }
  if (!comparison.inference_utilization) {
    return NotKnown("the part of inference's chips whose activity is measured is",
                    *comparison.inference_measured, comparison.thresholds.measured);
  }
  framework::LiveShares live;
  live.supply_h100e = comparison.expected_h100e;
  for (const auto& [category, row] : comparison.categories) {
    live.shares[category] = *row.actual_share;
  }
  live.utilization = *comparison.inference_utilization;
  return live;
}

}  // namespace fleetmeter
