// Whether a request may be submitted, and whether it fits. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

// Text, or the daemon's answer as JSON.
std::string FormatCheck(const v1::CheckCapacityResponse& response, OutputFormat format);

}  // namespace fleetmeter::ctl
