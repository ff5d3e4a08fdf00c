// Plans from files and from scenarios, checked as the daemon checks them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ctl/plan_changes.h"
#include "daemon/domain/fleet/catalog.h"
#include "daemon/domain/fleet/plan.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// Which scenario is to be made a plan of.
struct CompileRequest {
  std::string framework;  // its file
  std::string scenario;
  std::vector<std::string> set;     // KEY=VALUE
  std::string catalog;              // file to check with; empty: the one that the framework names
  std::string name;                 // of the plan; empty: the scenario's
  std::optional<uint32_t> version;  // of the plan; nothing: the framework's
  std::string effective_from;       // empty: the framework's
};

// A scenario as the daemon would load it.
struct CompiledPlan {
  std::string yaml;  // with comments that say what it was made from
  Plan plan;
  std::string warning;  // empty: there is nothing to warn of
};

// InvalidArgument also if there is no catalog to check with.
absl::StatusOr<CompiledPlan> CompilePlan(const CompileRequest& request);

// An allocation plan's file. As of its own effective_from.
absl::StatusOr<v1::GetPlanResponse> ShowPlanFile(const std::string& path,
                                                 const std::string& catalog_path);

// Each side is a plan's file, or FRAMEWORK_FILE#SCENARIO; a framework without a scenario is its
// baseline. `catalog_path` empty: plans are read with the catalog of the first framework.
absl::StatusOr<PlanDiff> DiffPlans(const std::string& a, const std::string& b,
                                   const std::string& catalog_path);

}  // namespace fleetmeter::ctl
