// Reads what the writer needs of outcomes to go on where the last run ended.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/outcome_books.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// In the order in which rows were made. DataLoss for what a ledger cannot hold.
absl::Status RestoreOutcomes(Database& database, RestoredOutcomes* outcomes);

// Every benchmark's result as it stands, ascending by model, benchmark, version, date and source;
// with `withdrawn` also those that are, without a score.
absl::StatusOr<std::vector<BenchmarkRow>> ReadStandingResults(Database& database, bool withdrawn);

}  // namespace fleetmeter
