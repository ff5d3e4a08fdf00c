// Usage of a ledger's file as series over time, by the time of its use: the counters that grow with
// it, since the books began, and what was held, busy and allocated on average over each step.
#pragma once

#include "absl/status/status.h"
#include "daemon/ctl/export_pages.h"
#include "daemon/ctl/print/openmetrics.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter::ctl {

// Reads within a transaction of the caller. A step without usage has no averages: nothing is known
// of it. InvalidArgument: only days or quarters of some of the usage are still kept.
absl::Status ExportUsage(Database& ledger, const ExportTimes& times, OpenMetricsHistory* history);

}  // namespace fleetmeter::ctl
