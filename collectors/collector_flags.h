// The program's own flags; those of a source are its own.
#pragma once

#include <string>

#include "collectors/config/collector_options.h"
#include "daemon/base/flags.h"

namespace fleetmeter::collector {

// `flags` and `config` outlive the parsing. A configuration says what the other flags say, so that
// they exclude it.
void AddCollectorFlags(Flags& program, CollectorFlags& flags, std::string* config);

}  // namespace fleetmeter::collector
