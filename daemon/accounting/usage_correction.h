// How a source's history differs from what is told of it now, and what makes the books say it.
// Pure: the same books and the same words give the same difference. So whoever is cut off on the
// way asks again: what was booked differs no more.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/history_usage.h"

namespace fleetmeter {

// What a window that is told is to the books.
enum class UsageStanding : uint8_t {
  kNew,        // of time that they do not have: it is reported, and not corrected
  kUnchanged,  // they say the same
  kChanged,    // they say something else
  kPartial,    // the two cannot be compared, see PlanUsageCorrection
};

// Chip-time of a UTC day and of one use of chips, in chip-nanoseconds.
struct UsageChange {
  int64_t day = 0;   // seconds since 1970
  UsageGroup group;  // its names
  absl::int128 chips_before = 0;
  absl::int128 chips_after = 0;
  absl::int128 busy_before = 0;
  absl::int128 busy_after = 0;
};

struct UsageTold {
  std::string source;
  std::vector<UsageReport> reports;  // of that source
  // What is told is all that there was in this time, also where it tells of nothing.
  std::optional<TimeSpan> covers;
};

struct UsageBooks {
  std::vector<HistoryWindow> windows;  // all that overlap what is told or covered
  const WindowSet* counted = nullptr;  // of the source; nullptr: nothing was
};

struct UsageCorrection {
  std::vector<UsageStanding> standings;  // of the reports, in their order
  std::vector<UsageChange> changes;      // by day and names
  RestatedUsage restated;
  int64_t windows = 0;  // that are taken out, or that come in their place: the larger number
  absl::int128 chip_nanos = 0;  // the net difference
  absl::int128 busy_chip_nanos = 0;
  uint64_t digest = 0;  // of what it books; 0: of nothing
};

// A report as it would be booked now.
using BookAsNow = std::function<absl::StatusOr<HistoryWindow>(const UsageReport&)>;

// Windows of the books and windows that are told are compared where they overlap, together with
// those that overlap these. What is told of such a stretch replaces all of it, if it reaches from
// the beginning to the end of what the books have there. Otherwise the stretch is partial. So it is
// where the books have time that was not brought as history, or was before they kept history by
// source. Windows of the books that nothing is told of stay, unless they lie in `covers`.
//
// What was used for the same as before keeps the conversion, price and plan of its booking.
//
// InvalidArgument: the reports overlap, or are of another source. Errors of `book` are returned.
absl::StatusOr<UsageCorrection> PlanUsageCorrection(const UsageTold& told, const UsageBooks& books,
                                                    const BookAsNow& book);

}  // namespace fleetmeter
