// What a pool has allocated and committed over time. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

std::string FormatTimeline(const v1::GetTimelineResponse& response, OutputFormat format);

}  // namespace fleetmeter::ctl
