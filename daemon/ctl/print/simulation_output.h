// What if: before, after, freed, forgone. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/plan.pb.h"

namespace fleetmeter::ctl {

// JSON: the proto's fields. CSV: see long_csv.h; the root table is "simulation".
std::string FormatSimulation(const v1::SimulateResponse& response, OutputFormat format);

}  // namespace fleetmeter::ctl
