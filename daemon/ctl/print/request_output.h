// Requests for capacity: the list, one with all that is known of it, and what has just been
// decided. JSON is the daemon's answer by the names of capacity.proto. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

// The table is at most `width` columns wide and says what it leaves out; 0: all of it.
std::string FormatRequests(const v1::ListCapacityResponse& response, OutputFormat format,
                           size_t width);

std::string FormatRequest(const v1::GetCapacityResponse& response, OutputFormat format);

// What was decided, and how the requests stand now.
std::string FormatChange(const v1::ChangeCapacityResponse& response, OutputFormat format);

}  // namespace fleetmeter::ctl
