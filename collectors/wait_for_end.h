// How long the program runs.
#pragma once

#include <memory>
#include <vector>

#include "collectors/core/pipeline.h"

namespace fleetmeter::collector {

// Returns when every pipeline is done or one has failed. After SIGTERM or SIGINT sampling stops,
// and it returns when everything is delivered, or `drain_seconds` later.
void WaitForEnd(const std::vector<std::unique_ptr<Pipeline>>& pipelines, double drain_seconds);

}  // namespace fleetmeter::collector
