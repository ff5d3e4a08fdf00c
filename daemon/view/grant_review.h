// How grants were used lately, by the ledger: in the last full hour, and over the last week.
//
// The books keep hours, so nothing is said of the hour that is not over. Silence is not idleness:
// each span says which part of it was told, and readers show nothing below their thresholds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// The grants' recent past, in seconds.
inline constexpr int64_t kRecentSeconds = int64_t{7} * 86'400;

// What a grant promised in the told part of a span of time, and what of that its team held and
// used.
struct SpanUse {
  int64_t from_unix_seconds = 0;  // the part of the span in which the grant was active
  int64_t to_unix_seconds = 0;    // half-open
  absl::int128 granted_chip_nanos = 0;
  absl::int128 used_chip_nanos = 0;
  absl::int128 busy_chip_nanos = 0;
  absl::int128 measured_chip_nanos = 0;
  // What it promised beside that, of which nobody knows whether it was used.
  absl::int128 untold_chip_nanos = 0;

  int64_t seconds() const { return to_unix_seconds - from_unix_seconds; }
  // The told part of what was promised.
  double told_ratio() const {
    const absl::int128 promised = granted_chip_nanos + untold_chip_nanos;
    return promised == 0 ? 0
                         : static_cast<double>(granted_chip_nanos) / static_cast<double>(promised);
  }
  // Whether enough is known to say what was used, and what was not.
  bool IsKnown(double coverage_threshold) const { return told_ratio() >= coverage_threshold; }
};

struct RecentUse {
  std::optional<SpanUse> hour;  // nothing: it was not active then
  std::optional<SpanUse> week;
};

// Immutable.
struct GrantsView {
  int64_t as_of_unix_nanos = 0;
  // Of each grant that was active within the week, by request id.
  std::map<std::string, RecentUse, std::less<>> grants;
};

// Within a read transaction of the caller.
absl::StatusOr<GrantsView> ReviewGrants(Database& ledger, const capacity::CapacityBook& book,
                                        int64_t now_unix_nanos);

}  // namespace fleetmeter
