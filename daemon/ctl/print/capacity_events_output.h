// What was asked for and decided about capacity, event by event, for people and programs. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

// A row for each event, in the order given. JSON has all fields, as capacity.proto names them.
std::string FormatCapacityEvents(const std::vector<v1::CapacityEvent>& events, OutputFormat format);

}  // namespace fleetmeter::ctl
