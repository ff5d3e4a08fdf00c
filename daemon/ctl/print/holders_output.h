// Who holds chips of a pool, and since when. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// "2026-01-02 03:00Z", or what is known instead: "at least 2026-01-02 03:00Z, when the books
// begin".
std::string SinceText(const v1::HeldSince& since);

// The table has a row for each team, and below it one for each of its workloads and kinds of chip.
// CSV has the same rows; those of a team have neither workload nor chip.
std::string FormatHolders(const v1::ListHoldersResponse& response, OutputFormat format);

}  // namespace fleetmeter::ctl
