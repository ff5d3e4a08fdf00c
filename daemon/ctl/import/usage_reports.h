// Chip-time of times that the meter has not seen, as sums: one report for each source and window.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/base/day_zone.h"
#include "daemon/ctl/import/import_batch.h"
#include "daemon/ctl/import/usage_windows.h"

namespace fleetmeter::imports {

struct UsageRules {
  std::string source;  // for files that have no column of it
  DayZone zone = {};   // whose days the books have
  UsageMemory memory = {};
  // Of all amounts; nothing: as the names of the columns say.
  std::optional<AmountUnit> unit = {};
  // Told how far the work is that follows the reading, 0 to 1. May be empty.
  UsageWindows::OnProgress on_arranged = nullptr;
};

// Columns: start, end (or length, such as 1h), chip, chip_hours (or chip_seconds); optional:
// source, state (else "assigned"), pool, team, workload, workload_type, model, run, signal,
// busy_chip_hours (or busy_chip_seconds), productive_chip_hours (or productive_chip_seconds).
// Unknown columns are refused.
//
// A file of whole days counts for the days that it names (named_days.h).
//
// What the rows hold is noted in ImportBatch::amounts, since it may be of another unit.
//
// Amounts are decimals, rounded to the chip-nanosecond. Assigned chips need a pool and a team;
// without a signal they are held but not measured ("allocated_only"), and have no busy time. The
// rows of a source and window are one report, which says all that is known of that source in that
// time. Rows may be up to 366 days long and jobs may run side by side: usage_windows.h says how
// they become windows. Windows with too many rows or chips are refused whole.
absl::StatusOr<ImportBatch> MakeUsageReports(CsvReader& csv, const UsageRules& rules);

}  // namespace fleetmeter::imports
