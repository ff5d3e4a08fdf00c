// What people decided about the books. `ledger` may be a connection that only reads.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ledger/admin_entry.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// All of them, oldest first, without the rows that a reprice booked.
absl::StatusOr<std::vector<AdminEntry>> ReadEntries(Database& ledger);

// Ascending by name.
absl::StatusOr<std::vector<SourceAlias>> ReadSourceAliases(Database& ledger);

// What was served on the days from `from_day` to before `to_day` (seconds since 1970), in the order
// of days.
absl::StatusOr<std::vector<InferenceDay>> ReadInferenceDays(Database& ledger, int64_t from_day,
                                                            int64_t to_day);

}  // namespace fleetmeter
