// The supply, by provider and chip kind. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "daemon/ctl/print/output_format.h"
#include "daemon/ctl/print/table.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// JSON: {"basis", "chips": {CHIP: {"provider", "chips", "assigned", "unassigned", "unhealthy",
// "reserved", "orphaned", "unheard", "unaccounted", "declared", "h100e", "chips_per_h100e"}},
// "total_h100e", "live_sources", "known_sources"}; "chips" is the four states that were heard,
// together.
// Of the table, the columns that matter most and fit into `width`; 0: all of them.
std::string FormatSupply(const v1::GetSupplyResponse& response, OutputFormat format,
                         size_t width = kUsualColumns);

}  // namespace fleetmeter::ctl
