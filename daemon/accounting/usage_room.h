// Is there room in the books for the chip-time of a report? The ledger's columns hold whole
// chip-seconds in 64 bits, and so must the sum of any rows: a sum that does not fit would fail
// whole transactions, with the reports of others in them.
#pragma once

#include <optional>
#include <string>

#include "absl/numeric/int128.h"
#include "daemon/accounting/book_room.h"
#include "daemon/base/units.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

// Chip-nanoseconds of all books together: 2^62 chip-seconds, which ten million chips fill in 14,000
// years.
inline constexpr absl::int128 kMostChipNanos = absl::MakeInt128(kNanosPerSecond / 4, 0);

// Of all groups of a report.
absl::int128 ChipNanosOf(const UsageReport& report);

// nullopt: there is. `sender`: who would be charged, see BookRoom.
std::optional<Rejection> CheckUsageRoom(const UsageReport& report, const std::string& sender,
                                        const BookRoom& usage);

}  // namespace fleetmeter
