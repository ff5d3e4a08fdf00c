// The framework's results as protocol messages: what the Plan service answers and fleetmeterctl
// prints. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/domain/framework/simulation.h"
#include "fleetmeter/v1/plan.pb.h"

namespace fleetmeter {

// Everything that the assumptions make: all tables, all scenarios, the sensitivity analysis.
// `baseline` is that of the document before anything was set. InvalidArgument if a scenario or a
// row does not fit.
absl::StatusOr<v1::GetFrameworkResponse> FrameworkMessage(
    const framework::Assumptions& assumptions,
    const std::vector<framework::SensitivityCase>& sensitivity, const framework::Baseline& baseline,
    const std::vector<std::string>& overrides);

v1::FrameworkBasis BasisMessage(const framework::Assumptions& assumptions,
                                const std::vector<std::string>& overrides);

// Without bases and start, which the caller knows.
v1::SimulateResponse SimulationMessage(const framework::Simulation& simulation,
                                       const framework::Baseline& baseline);

// The changes that a request asks for. InvalidArgument names the field and what was expected.
absl::StatusOr<framework::Changes> ChangesOf(const v1::SimulateRequest& request);

}  // namespace fleetmeter
