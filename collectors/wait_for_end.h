// How long the program runs.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "collectors/core/pipeline.h"

namespace fleetmeter::collector {

// What is done meanwhile, on the thread that waits.
struct WhileRunning {
  std::function<void()> on_hangup;     // SIGHUP; empty: the signal ends the program, as ever
  std::function<void()> every_second;  // may be empty
};

// From now on SIGTERM and SIGINT do not end the program at once. One that comes before WaitForEnd
// is acted on there, so that what waits in a spool is delivered however early it comes.
void HoldStopSignals();

// Returns when every pipeline is done or one has failed. After SIGTERM or SIGINT sampling stops,
// and it returns when everything is delivered, or `drain_seconds` later.
void WaitForEnd(const std::vector<std::unique_ptr<Pipeline>>& pipelines, double drain_seconds,
                const WhileRunning& meanwhile);

}  // namespace fleetmeter::collector
