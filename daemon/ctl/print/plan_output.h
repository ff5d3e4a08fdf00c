// The plan in force. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// JSON: the proto's fields; a borrowing limit of null is no limit. CSV: one record for each tier,
// category and pool, told apart by its first field.
std::string FormatPlan(const v1::GetPlanResponse& response, OutputFormat format);

}  // namespace fleetmeter::ctl
