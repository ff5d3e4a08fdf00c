// An id for a request whose form has none. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

// "rl-rollouts-2026-12-01-k3f9": the workload (or the team), the day of its start, and four letters
// or digits of `random`, so that two requests of a workload for the same day differ. Letters,
// digits and . _ -, at most 64.
std::string MakeRequestId(const v1::CapacityForm& form, uint32_t random);

}  // namespace fleetmeter::ctl
