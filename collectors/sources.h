// All sources that the program has, from sources.list.
#pragma once

#include <memory>
#include <vector>

#include "collectors/core/source_command.h"

namespace fleetmeter::collector {

using SourceCommands = std::vector<std::unique_ptr<SourceCommand>>;

// A subcommand of `program` for each source, in the list's order. `program` outlives them.
SourceCommands AddSources(Flags& program);

}  // namespace fleetmeter::collector
