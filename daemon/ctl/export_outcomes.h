// Outcomes of a ledger's file as series over time: margin and capability as the daemon works them
// out for whole days, and what was served and trained as counters since the books began.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "daemon/ctl/export_pages.h"
#include "daemon/ctl/print/openmetrics.h"
#include "daemon/domain/reference_data.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter::ctl {

// Reads within a transaction of the caller. `reference` holds the rules of outcomes. A figure of a
// day is that of the day before it, which is complete, and holds until the next day; it says what
// the books say now, corrections included. The books keep outcomes by the day: a counter grows
// evenly over it.
absl::Status ExportOutcomes(Database& ledger, std::shared_ptr<const ReferenceData> reference,
                            const ExportTimes& times, OpenMetricsHistory* history);

}  // namespace fleetmeter::ctl
