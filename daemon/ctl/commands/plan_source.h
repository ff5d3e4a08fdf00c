// Plans from files and from scenarios, checked as the daemon checks them.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/config/load_framework.h"
#include "daemon/ctl/commands/framework_flags.h"
#include "daemon/ctl/plan_changes.h"
#include "daemon/domain/fleet/catalog.h"
#include "daemon/domain/fleet/plan.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// A scenario as the daemon would load it.
struct CompiledPlan {
  std::string yaml;  // with comments that say what it was made from
  Plan plan;
  std::string warning;  // empty: there is nothing to warn of
};

// Of flags plan, scenario, set, catalog, name, version and effective_from. InvalidArgument also if
// there is no catalog to check with.
absl::StatusOr<CompiledPlan> CompilePlanOf(const FrameworkFlags& flags);

// An allocation plan's file. As of its own effective_from.
absl::StatusOr<v1::GetPlanResponse> ShowPlanFile(const std::string& path,
                                                 const std::string& catalog_path);

// Of flags left, right and catalog.
absl::StatusOr<PlanDiff> DiffPlans(const FrameworkFlags& flags);

}  // namespace fleetmeter::ctl
