// The native CSV format: a fleet and its assignments as step functions of time. See README.md.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "collectors/replay/timeline.h"
#include "daemon/base/csv.h"

namespace fleetmeter::collector {

// Hosts come in the order in which the file names them first. At least one row is required.
absl::StatusOr<Timeline> ReadFleetCsv(CsvReader& csv);

}  // namespace fleetmeter::collector
