// Catalog, plans, the framework's assumptions and the rules of outcomes together: all the outside
// facts that usage is measured against. Immutable; a reload makes a new one, so that all change at
// once.
#pragma once

#include <optional>
#include <vector>

#include "daemon/domain/fleet/catalog.h"
#include "daemon/domain/fleet/plan.h"
#include "daemon/domain/framework/framework_document.h"
#include "daemon/domain/outcomes/rules.h"

namespace fleetmeter {

struct ReferenceData {
  Catalog catalog;
  std::vector<Plan> plans;  // ascending by effective_from, never empty
  // nullopt: the configuration names none; what an hour is worth is not known then.
  std::optional<FrameworkDocument> framework = {};
  outcomes::Rules outcomes = {};

  // The plan in force: the latest whose effective_from has come; before the first, the first.
  const Plan& PlanAt(int64_t unix_nanos) const;
};

}  // namespace fleetmeter
