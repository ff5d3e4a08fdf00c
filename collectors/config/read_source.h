// One entry of `sources:` in a collector's configuration.
#pragma once

#include <optional>

#include "collectors/config/collector_config.h"
#include "collectors/live/live_group.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {

// Complains to the file about what is wrong; nothing then. `place`: of the entry in the list, which
// the default precedence follows.
std::optional<LiveMember> ReadSource(const YamlValue& entry, size_t place,
                                     const KnownSources& known);

// The replay that the entry's key `type` names; null: it names none.
const SourceCommand* FindReplay(const YamlValue& entry, const ReplayCommands& replays);
// Complains to the file about what is wrong.
ConfiguredReplay ReadReplay(const YamlValue& entry, const SourceCommand& command);

}  // namespace fleetmeter::collector
