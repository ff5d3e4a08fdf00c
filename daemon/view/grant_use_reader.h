// The one way in which the use of grants is read from the books: for metrics and alerts, for the
// answers of the service, and for the reports that are made of these.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/capacity/grant_use.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

struct ReadUse {
  capacity::SharedUse use;
  // Since when the books tell hours; the end of the time if they tell none.
  int64_t told_from_unix_seconds = 0;
};

// The use of all grants of one pool, or of all pools (""), in the full hours from `from` up to the
// hour that holds `to`, by seconds since 1970. A week of the books is in memory at a time. `ledger`
// may be a connection that only reads, within a read transaction of the caller.
absl::StatusOr<ReadUse> ReadGrantUse(Database& ledger, const capacity::CapacityBook& book,
                                     int64_t from, int64_t to, std::string_view pool = {});

}  // namespace fleetmeter
