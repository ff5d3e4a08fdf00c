// Decisions before they are taken, beside the requests that they are about. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

// `requests`: those of the decisions, in their order. JSON: the message that would be sent.
std::string FormatDecisions(const v1::DecideCapacityRequest& decisions,
                            const std::vector<v1::CapacityRequest>& requests, OutputFormat format);

}  // namespace fleetmeter::ctl
