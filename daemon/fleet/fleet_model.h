// Catalog and plans together: all the outside facts that usage is measured against. Immutable; a
// reload makes a new one.
#pragma once

#include <vector>

#include "daemon/fleet/catalog.h"
#include "daemon/fleet/plan.h"

namespace fleetmeter {

struct FleetModel {
  Catalog catalog;
  std::vector<Plan> plans;  // ascending by effective_from, never empty

  // The plan in force: the latest whose effective_from has come; before the first, the first.
  const Plan& PlanAt(int64_t unix_nanos) const;
};

}  // namespace fleetmeter
