// Frameworks and plans from files, for the commands that work without a daemon.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/framework/framework_document.h"
#include "daemon/domain/framework/scenario.h"
#include "daemon/serve/query/framework_answers.h"
#include "fleetmeter/v1/plan.pb.h"

namespace fleetmeter::ctl {

enum class PlanFileKind { kFramework, kPlan };

// By the file's own keys. NotFound if it cannot be read, InvalidArgument if it is neither.
absl::StatusOr<PlanFileKind> KindOf(const std::string& path);

// Errors as LoadFramework's and WorkUnder's, and InvalidArgument for a file that is a plan.
absl::StatusOr<FrameworkWork> LoadFrameworkWork(const std::string& path,
                                                const std::vector<std::string>& set);

// The allocation of one of its scenarios; errors begin with the file.
absl::StatusOr<framework::Allocation> AllocateIn(const FrameworkDocument& document,
                                                 const std::string& scenario);

// Everything of a framework; `scenario` not empty: only that one, and no sensitivity analysis.
absl::StatusOr<v1::GetFrameworkResponse> ShowFramework(FrameworkWork work,
                                                       const std::string& scenario);

// Its basis and sensitivity analysis, nothing else.
absl::StatusOr<v1::GetFrameworkResponse> ShowSensitivity(FrameworkWork work);

// Under the request's own `set` and curve, from its scenario.
absl::StatusOr<v1::SimulateResponse> SimulateFile(const std::string& path,
                                                  const v1::SimulateRequest& request);

}  // namespace fleetmeter::ctl
