// In which hours a report's chip-time is booked. Pure integer arithmetic.
//
// Of a total T in a window [s, s+L), what lies before a boundary b is floor(T * (b - s) / L); an
// hour gets the difference between its two boundaries. So the hours add up to T exactly, and
// whoever does the same arithmetic gets the same integers. One consequence: amounts are cut
// independently of one another, so that in a single hour of a single report the busy part may come
// out one chip-nanosecond above the part that was measured; over the whole window it does not.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/day_zone.h"
#include "daemon/base/units.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/ledger/outcome_books.h"
#include "daemon/ledger/usage_amounts.h"

namespace fleetmeter {

// The part of a window that lies in one UTC hour, or in one day.
struct HourSlice {
  int64_t hour_start = 0;  // of the hour, or the name of the day; seconds since 1970
  // Offsets from the window's start, nanoseconds.
  int64_t from_nanos = 0;
  int64_t to_nanos = 0;

  friend bool operator==(const HourSlice&, const HourSlice&) = default;
};

// The start of the hour that holds a time; seconds since 1970.
int64_t HourOf(int64_t unix_nanos);

// In order, adjoining, covering the window. InvalidArgument unless the window starts in 1970 or
// later, is longer than 0, and ends within 64 bits.
absl::StatusOr<std::vector<HourSlice>> SliceByHour(int64_t window_start_unix_nanos,
                                                   int64_t window_length_nanos);

// The same by days of the zone, each slice with the name of its day (DayZone) in place of the hour.
// A day's part is the sum of the parts of its hours. Before 1970 by the zone's clocks is the first
// day of 1970.
absl::StatusOr<std::vector<HourSlice>> SliceByDay(int64_t window_start_unix_nanos,
                                                  int64_t window_length_nanos, const DayZone& zone);

// What a group was measured to be. InvalidArgument for negative amounts, and for busy or productive
// beyond the chips they were measured on.
absl::StatusOr<UsageAmounts> AmountsOf(const UsageGroup& group);

// The slice's part of `total`, which was used over a window of that length.
UsageAmounts PartIn(const HourSlice& slice, const UsageAmounts& total, int64_t window_length_nanos);

// The same of what was served. Each amount is cut by itself, so that a part may count one more
// request unpriced than another of as much time: the parts add up, whichever days are put together.
InferenceAmounts PartIn(const HourSlice& slice, const InferenceAmounts& total,
                        int64_t window_length_nanos);

// The same of one amount, which may be negative: parts of an amount and of its negative cancel out.
int64_t PartIn(const HourSlice& slice, int64_t total, int64_t window_length_nanos);

}  // namespace fleetmeter
