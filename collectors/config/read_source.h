// One entry of `sources:` in a collector's configuration.
#pragma once

#include <optional>

#include "collectors/live/live_group.h"
#include "collectors/live/source_type.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {

// Complains to the file about what is wrong; nothing then. `place`: of the entry in the list, which
// the default precedence follows.
std::optional<LiveMember> ReadSource(const YamlValue& entry, size_t place,
                                     const SourceTypes& types);

}  // namespace fleetmeter::collector
