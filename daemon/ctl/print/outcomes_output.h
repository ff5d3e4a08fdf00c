// What allocations led to, as people and programs read it. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/outcomes.pb.h"

namespace fleetmeter::ctl {

// JSON: the message's own fields. CSV: a row of the margin report a line; money in US dollars.
std::string FormatMargin(const v1::MarginReport& report, OutputFormat format);
// CSV: kind (model, benchmark, quarter, verdict), name, and what is known of it.
std::string FormatCapability(const v1::CapabilityReport& report, OutputFormat format);

}  // namespace fleetmeter::ctl
