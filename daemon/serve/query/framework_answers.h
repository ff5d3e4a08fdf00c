// A framework under what somebody sets, and the answers to what is asked of it: the same for the
// daemon's Plan service and for fleetmeterctl with a file. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/framework/framework_document.h"
#include "daemon/domain/framework/simulation.h"
#include "fleetmeter/v1/plan.pb.h"

namespace fleetmeter {

struct FrameworkWork {
  FrameworkDocument document;    // under `set`
  framework::Baseline baseline;  // of the document without it
  std::vector<std::string> set;  // KEY=VALUE
};

// InvalidArgument names what of `set` is wrong.
absl::StatusOr<FrameworkWork> WorkUnder(const FrameworkDocument& document,
                                        const std::vector<std::string>& set);

// All that a simulation sets: the request's `set`, and its curve.
std::vector<std::string> SetOf(const v1::SimulateRequest& request);

// Every table.
absl::StatusOr<v1::GetFrameworkResponse> ShowFramework(const FrameworkWork& work);

// From `live`, or from the request's scenario. The live basis is for the caller to fill.
absl::StatusOr<v1::SimulateResponse> SimulateIn(const FrameworkWork& work,
                                                const v1::SimulateRequest& request,
                                                const std::optional<framework::LiveShares>& live);

}  // namespace fleetmeter
