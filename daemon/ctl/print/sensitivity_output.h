// The sensitivity analysis. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/plan.pb.h"

namespace fleetmeter::ctl {

// JSON: {"basis": {...}, "sensitivity": [...]}, the proto's fields. CSV: one record a row.
std::string FormatSensitivity(const v1::GetFrameworkResponse& response, OutputFormat format);

// As a table with its titles.
std::string SensitivityTable(const v1::GetFrameworkResponse& response);

}  // namespace fleetmeter::ctl
