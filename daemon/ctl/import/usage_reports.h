// Chip-time of times that the meter has not seen, as sums: one report for each source and window.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "daemon/ctl/import/import_batch.h"

namespace fleetmeter::imports {

struct UsageRules {
  std::string source;  // for files that have no column of it
};

// Columns: start, end (or length, such as 1h), chip, chip_hours; optional: source, state (else
// "assigned"), pool, team, workload, workload_type, model, run, signal, busy_chip_hours,
// productive_chip_hours. Unknown columns are refused.
//
// Hours are decimals, rounded to the chip-nanosecond. Assigned chips need a pool and a team;
// without a signal they are held but not measured ("allocated_only"), and have no busy hours. The
// rows of a source and window are one report, which says all that is known of that source in that
// time. Windows are at most a day long; those that overlap an earlier one of their source in the
// file, or have too many rows or chips, are refused whole.
absl::StatusOr<ImportBatch> MakeUsageReports(CsvReader& csv, const UsageRules& rules);

}  // namespace fleetmeter::imports
