// Reads what history said by source and window.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ledger/history_usage.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// Of one source, the windows that overlap a time, in the order of time.
absl::StatusOr<std::vector<HistoryWindow>> ReadHistoryWindows(Database& ledger,
                                                              std::string_view source,
                                                              TimeSpan time);

}  // namespace fleetmeter
