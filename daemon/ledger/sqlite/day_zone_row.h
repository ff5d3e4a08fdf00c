// By whose days a ledger has outcomes and chip-time by what it served. One row, or none: UTC.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/day_zone.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// `ledger` may be a connection that only reads. InvalidArgument: this machine does not know the
// zone.
absl::StatusOr<DayZone> ReadDayZone(Database& ledger);

// Whether a daemon with `zone` may write the ledger at `path`: it has that zone, or no day yet.
// FailedPrecondition says what it has. Days that are booked cannot be divided again.
absl::Status CheckDayZone(Database& ledger, const DayZone& zone, std::string_view path);

// The same, and from now on the ledger has the zone.
absl::Status TakeDayZone(Database& ledger, const DayZone& zone, std::string_view path);

}  // namespace fleetmeter
