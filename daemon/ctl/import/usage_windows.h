// Rows of chip-time as windows of reports: of one source, windows never overlap, and none is longer
// than a day. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/ctl/import/import_batch.h"

namespace fleetmeter::imports {

// What a source held from `start` to `end`, in nanoseconds since 1970.
struct UsageRow {
  int64_t line = 0;
  int64_t start = 0;
  int64_t end = 0;
  std::string source;
  UsageGroup group;
};

// Adds a report for each window to `plan`, by time and source. A row is in the reports as a whole
// or it is refused.
//
// Rows of a source with the same start and end are one window. One of more than a day is cut at UTC
// midnights. Rows that overlap otherwise are those of jobs side by side: if each has its own chip,
// state, pool, team, workload, type, model, run and signal, they are cut at UTC hours, since the
// books are kept by the hour, and each hour is a window. A row that overlaps another one of all the
// same names is refused: it may be the same usage.
//
// Where a row is cut, its parts are in proportion to time and add up to it exactly.
void AddUsageReports(std::vector<UsageRow> rows, ImportBatch* plan);

}  // namespace fleetmeter::imports
