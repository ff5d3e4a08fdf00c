#include "daemon/ledger/postings.h"

#include <algorithm>
#include <limits>

#include "daemon/base/calendar.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Both factors fit into 63 bits, so their product fits into 127.
absl::int128 Before(absl::int128 total, int64_t offset, int64_t length) {
  return total * offset / length;
}

}  // namespace

int64_t HourOf(int64_t unix_nanos) {
  const int64_t into = ((unix_nanos % kNanosPerHour) + kNanosPerHour) % kNanosPerHour;
  return (unix_nanos - into) / kNanosPerSecond;
}

absl::StatusOr<std::vector<HourSlice>> SliceByHour(int64_t start, int64_t length) {
  if (start < 0 || length <= 0 || length > std::numeric_limits<int64_t>::max() - start) {
    return absl::InvalidArgumentError(fmt::format(
        "a window of {} ns that starts {} ns after 1970 cannot be booked; expected a start of 0 or "
        "more, a length above 0, and an end within 64 bits",
        length, start));
  }
  std::vector<HourSlice> slices;
  for (int64_t from = 0; from < length;) {
    const int64_t left_of_hour = kNanosPerHour - (start + from) % kNanosPerHour;
    const int64_t to = from + std::min(left_of_hour, length - from);
    slices.push_back({.hour_start = HourOf(start + from), .from_nanos = from, .to_nanos = to});
    from = to;
  }
  return slices;
}

absl::StatusOr<std::vector<HourSlice>> SliceByDay(int64_t start, int64_t length) {
  const auto hours = SliceByHour(start, length);
  if (!hours.ok()) return hours.status();
  std::vector<HourSlice> days;
  for (const HourSlice& hour : *hours) {
    const int64_t day = DayOf(hour.hour_start);
    if (days.empty() || days.back().hour_start != day) {
      days.push_back({.hour_start = day, .from_nanos = hour.from_nanos, .to_nanos = 0});
    }
    days.back().to_nanos = hour.to_nanos;
  }
  return days;
}

absl::StatusOr<UsageAmounts> AmountsOf(const UsageGroup& group) {
  UsageAmounts amounts;
  amounts.chips = group.chip_nanos;
  if (group.busy_chip_nanos) {
    amounts.busy = *group.busy_chip_nanos;
    amounts.measured = group.chip_nanos;
  }
  if (group.productive_chip_nanos) {
    amounts.productive = *group.productive_chip_nanos;
    amounts.productive_measured = group.chip_nanos;
  }
  const bool negative = amounts.chips < 0 || amounts.busy < 0 || amounts.productive < 0;
  if (negative || amounts.busy > amounts.chips || amounts.productive > amounts.chips) {
    return absl::InvalidArgumentError(fmt::format(
        "{} chip-ns with {} busy and {} productive cannot be booked; expected nothing below 0, and "
        "busy and productive of at most the chips",
        group.chip_nanos, group.busy_chip_nanos.value_or(0),
        group.productive_chip_nanos.value_or(0)));
  }
  return amounts;
}

UsageAmounts PartIn(const HourSlice& slice, const UsageAmounts& total, int64_t length) {
  // Most windows lie in one hour, and 128-bit divisions cost.
  if (slice.from_nanos == 0 && slice.to_nanos == length) return total;
  const auto part = [&](absl::int128 amount) {
    return Before(amount, slice.to_nanos, length) - Before(amount, slice.from_nanos, length);
  };
  return {.chips = part(total.chips),
          .busy = part(total.busy),
          .productive = part(total.productive),
          .measured = part(total.measured),
          .productive_measured = part(total.productive_measured)};
}

int64_t PartIn(const HourSlice& slice, int64_t total, int64_t length) {
  if (slice.from_nanos == 0 && slice.to_nanos == length) return total;
  // Divisions drop what lies towards 0, so that a correction is cut as what it takes back was.
  return static_cast<int64_t>(Before(total, slice.to_nanos, length) -
                              Before(total, slice.from_nanos, length));
}

}  // namespace fleetmeter
