// What was asked for and decided about capacity. `ledger` may be a connection that only reads.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/capacity/capacity_event.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// All events, ascending by number, as they stand there: whether they follow from one another is
// for CapacityChain (capacity_chain.h). DataLoss: one is of no action, nature or gain that there
// is, or workloads are ranked by none.
absl::StatusOr<std::vector<capacity::CapacityEvent>> ReadCapacityEvents(Database& ledger);

}  // namespace fleetmeter
