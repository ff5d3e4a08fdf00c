// The plan in force. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "daemon/ctl/print/output_format.h"
#include "daemon/ctl/print/table.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// JSON: the proto's fields; a borrowing limit of null is no limit. CSV: one record for each tier,
// category and pool, told apart by its first field. Of the table of pools, the columns that matter
// most and fit into `width`; 0: all of them.
std::string FormatPlan(const v1::GetPlanResponse& response, OutputFormat format,
                       size_t width = kUsualColumns);

}  // namespace fleetmeter::ctl
