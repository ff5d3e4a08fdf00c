// The flags that all replays have, and the same as keys of a configuration: which part of the
// recording, and how fast.
#pragma once

#include "collectors/replay/replay_options.h"
#include "daemon/base/flags.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {

// `options` outlives the parsing.
void AddReplayFlags(Flags& command, ReplayOptions& options);

// The keys from, until, speed, hold and loop.
void ReadReplayKeys(YamlMap& entry, ReplayOptions& options);
// The path of a recording or of rules, relative to the file of the entry.
std::string ReadReplayPath(YamlMap& entry, std::string_view key, std::string_view what);

}  // namespace fleetmeter::collector
