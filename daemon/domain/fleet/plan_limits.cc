#include "daemon/domain/fleet/plan_limits.h"

namespace fleetmeter {
namespace {

constexpr double kBinaryTolerance = 1e-9;  // of the supply
// Grants are whole micro-H100e. This has room for the rounding of thousands of them.
constexpr double kGrantRoundingH100e = 1e-3;

template <class Kind>
double ShareOf(const std::map<Kind, double>& shares, Kind kind) {
  const auto found = shares.find(kind);
  return found == shares.end() ? 0 : found->second;
}

}  // namespace

PlanLimits LimitsOf(const Plan& plan) {
  PlanLimits limits;
  for (const Tier tier : kTiers) {
    if (!plan.has_tiers) continue;
    limits.tiers[static_cast<size_t>(tier)] = ShareOf(plan.tier_shares, tier) * plan.supply_h100e;
  }
  for (const Category category : kCategories) {
    if (!plan.has_categories) continue;
    limits.categories[static_cast<size_t>(category)] =
        ShareOf(plan.category_shares, category) * plan.supply_h100e;
  }
  limits.all = (1 - ShareOf(plan.tier_shares, Tier::kBuffer)) * plan.supply_h100e;
  limits.tolerance = kBinaryTolerance * plan.supply_h100e;
  limits.grants_tolerance = limits.tolerance + kGrantRoundingH100e;
  if (plan.grants && !plan.grants->empty()) limits.tolerance = limits.grants_tolerance;
  return limits;
}

}  // namespace fleetmeter
