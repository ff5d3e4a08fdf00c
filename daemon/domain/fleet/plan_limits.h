// What the sums of a plan are held against. One rule for the allocations of a plan (CompilePlan)
// and for what is granted beyond them (domain/capacity), so that what is granted can become a plan.
// Pure.
#pragma once

#include <array>
#include <optional>

#include "daemon/domain/fleet/plan.h"

namespace fleetmeter {

// In H100e. What has no limit of its own has none here: a file without tiers (categories) has those
// that its pools make. Of a file with tiers (categories), one without a share has 0.
struct PlanLimits {
  std::array<std::optional<double>, kTiers.size()> tiers = {};
  std::array<std::optional<double>, kCategories.size()> categories = {};
  double all = 0;  // the supply less the buffer
  // What sums of allocations may be more by: shares are decimal and sums are binary. Those of a
  // plan that names grants may be more by what their sums may be, so that what was granted can
  // become a plan.
  double tolerance = 0;
  double grants_tolerance = 0;  // of sums with grants, which are rounded
};
PlanLimits LimitsOf(const Plan& plan);

}  // namespace fleetmeter
