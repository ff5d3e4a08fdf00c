// Every table of a framework. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/plan.pb.h"

namespace fleetmeter::ctl {

// JSON: the proto's fields. CSV: see long_csv.h; the root table is "framework".
std::string FormatFramework(const v1::GetFrameworkResponse& response, OutputFormat format);

}  // namespace fleetmeter::ctl
