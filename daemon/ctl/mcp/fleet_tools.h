// The tools: questions about the fleet, answered in a sentence, in a table, and as JSON.
#pragma once

#include <vector>

#include "daemon/ctl/mcp/fleet_source.h"
#include "daemon/ctl/mcp/tool.h"

namespace fleetmeter::ctl {

// `source` outlives them.
std::vector<Tool> FleetTools(FleetSource& source);

}  // namespace fleetmeter::ctl
