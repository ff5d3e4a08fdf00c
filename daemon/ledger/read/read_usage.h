// Usage of a span of time, added up from the ledger: hours where they are kept, else days, else
// quarters. A span means when chips were used, or, if the question says so, when that was booked.
// Sums are exact; H100e come of the conversion that each amount was booked with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/day_zone.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/usage_amounts.h"

namespace fleetmeter {

// What rows are told apart by. `name` is its column's and its flag's.
enum class UsageKey {
  kPool,
  kTeam,
  kChip,
  kState,
  kSignal,
  kCategory,  // of the pool, in the plan that was in force
  kTier,
  kPlan,     // "name/version"
  kCatalog,  // the version whose conversion and prices it was booked by
  kWorkload,
  kWorkloadType,
  kModel,
  kRun,
  kHour,
  kDay,
  kQuarter,
};
std::string_view Name(UsageKey key);
std::optional<UsageKey> ParseUsageKey(std::string_view name);
// "pool, team, ...".
std::string UsageKeyNames();
// Whether plans tell it: they grant to pools, and not to teams or kinds of chips.
bool PlansTell(UsageKey key);

// Which hour an amount counts in. They differ for what was booked as an adjustment: history, and
// reports that came after their own hours were closed.
enum class UsageTime {
  kUsed,    // in which the chips were held
  kBooked,  // in which the ledger booked it
};
std::string_view Name(UsageTime time);  // "used"

struct UsageQuestion {
  // Seconds since 1970, at full hours; half-open.
  int64_t from = 0;
  int64_t to = 0;
  std::vector<UsageKey> by;
  UsageTime time = UsageTime::kUsed;
  // Of this pool only, whose rows are found without reading those of others; empty: of all.
  std::string pool = {};
  // Whose days and quarters the keys mean. Other ones than UTC's are told by hours, as long as
  // those are kept and the zone's clocks show full hours when clocks of UTC do. Hours stay UTC's.
  DayZone zone = {};
};

struct UsageRow {
  std::vector<std::string> keys;  // as `by`
  UsageAmounts chips;             // chip-nanoseconds
  UsageAmounts h100e;             // H100e-nanoseconds, each conversion's sum rounded to the nearest
  // What the plans of the time granted of it, in H100e-nanoseconds; nothing: it is not known, or
  // the keys tell apart what no plan does.
  std::optional<absl::int128> allocated;
};

struct UsageAnswer {
  UsageQuestion question;
  // Ascending by keys. Assigned chips only, unless asked by state.
  std::vector<UsageRow> rows;
  std::vector<std::pair<std::string, int64_t>> plans;  // that it was booked under, by version
  std::vector<int64_t> catalog_versions;               // whose conversions it rests on
  // What plans granted is counted until here, in seconds since 1970: until the end of the question,
  // or the ledger's own time if that is earlier.
  int64_t allocated_to = 0;
};

// InvalidArgument: bounds that are not at full hours, or bounds and keys finer than what is still
// kept of some usage there, or that hours of UTC cannot tell. What became days and quarters tells
// the day or the quarter of its use. Allocations are those of the hours that the question means
// (read_allocations.h), also by booking.
absl::StatusOr<UsageAnswer> ReadUsage(Database& ledger, const UsageQuestion& question);
// The same within a transaction of the caller, for several questions of one state of the books.
absl::StatusOr<UsageAnswer> ReadUsageWithin(Database& ledger, const UsageQuestion& question);

}  // namespace fleetmeter
