// Frameworks and plans from files, for the commands that work without a daemon.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/config/load_framework.h"
#include "daemon/framework/scenario.h"
#include "fleetmeter/v1/plan.pb.h"

namespace fleetmeter::ctl {

enum class PlanFileKind { kFramework, kPlan };

// By the file's own keys. NotFound if it cannot be read, InvalidArgument if it is neither.
absl::StatusOr<PlanFileKind> KindOf(const std::string& path);

// A framework under `set`, and what it is measured by: the baseline of the document without it.
struct FrameworkWork {
  FrameworkDocument document;
  framework::Baseline baseline;
  std::vector<std::string> set;  // KEY=VALUE
};

// Errors as LoadFramework's, and InvalidArgument for a file that is a plan.
absl::StatusOr<FrameworkWork> LoadFrameworkWork(const std::string& path,
                                                const std::vector<std::string>& set);

// "KEY=VALUE" each.
absl::StatusOr<std::vector<YamlOverride>> ParseOverrides(const std::vector<std::string>& set);

// The allocation of one of its scenarios; errors begin with the file.
absl::StatusOr<framework::Allocation> AllocateIn(const FrameworkDocument& document,
                                                 const std::string& scenario);

// Everything of a framework; `scenario` not empty: only that one, and no sensitivity analysis.
absl::StatusOr<v1::GetFrameworkResponse> ShowFramework(const FrameworkWork& work,
                                                       const std::string& scenario);

// Its basis and sensitivity analysis, nothing else.
absl::StatusOr<v1::GetFrameworkResponse> ShowSensitivity(const FrameworkWork& work);

// `request` without from_live; its set and curve are in force in `work` already.
absl::StatusOr<v1::SimulateResponse> SimulateIn(const FrameworkWork& work,
                                                const v1::SimulateRequest& request);

}  // namespace fleetmeter::ctl
