// The flags that all replays have: which part of the recording, and how fast.
#pragma once

#include "collectors/replay/replay_options.h"
#include "daemon/base/flags.h"

namespace fleetmeter::collector {

// `options` outlives the parsing.
void AddReplayFlags(Flags& command, ReplayOptions& options);

}  // namespace fleetmeter::collector
