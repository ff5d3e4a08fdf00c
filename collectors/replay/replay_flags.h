// The flags that all replays have: which part of the recording, and how fast.
#pragma once

#include "collectors/replay/replay_options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace fleetmeter::collector {

// `options` outlives the parsing.
void AddReplayFlags(CLI::App& command, ReplayOptions& options);

}  // namespace fleetmeter::collector
