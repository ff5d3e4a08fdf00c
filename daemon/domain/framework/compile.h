// From a scenario to the plan that the daemon runs on. Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/domain/fleet/plan.h"
#include "daemon/domain/framework/assumptions.h"

namespace fleetmeter::framework {

// The scenario as a plan: chips rounded to whole ones, tiers and categories as shares of the
// supply, and for each pool of the assumptions its part of what its category has in its tier. A
// category that has hours in P1 and P2 needs a tier for each of its pools; one that has none makes
// pools of 0. InvalidArgument if the scenario does not fit, a pool needs a tier, there are no
// pools, there are more than a billion chips of a kind, or the pools of a category in a tier get
// more than all of it.
absl::StatusOr<PlanDocument> CompileScenario(const Assumptions& assumptions,
                                             std::string_view scenario);

// The plan as a file that the daemon loads, with every digit of its shares.
std::string PlanYaml(const PlanDocument& plan);

}  // namespace fleetmeter::framework
