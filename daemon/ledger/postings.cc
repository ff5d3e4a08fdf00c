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

// At most `most`, which is within 64 bits where the product may not be.
int64_t SecondsToNanos(int64_t seconds, int64_t most) {
  return seconds > most / kNanosPerSecond ? most : seconds * kNanosPerSecond;
}

absl::Status CheckWindow(int64_t start, int64_t length) {
  if (start >= 0 && length > 0 && length <= std::numeric_limits<int64_t>::max() - start) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "a window of {} ns that starts {} ns after 1970 cannot be booked; expected a start of 0 or "
      "more, a length above 0, and an end within 64 bits",
      length, start));
}

}  // namespace

int64_t HourOf(int64_t unix_nanos) {
  const int64_t into = ((unix_nanos % kNanosPerHour) + kNanosPerHour) % kNanosPerHour;
  return (unix_nanos - into) / kNanosPerSecond;
}

absl::StatusOr<std::vector<HourSlice>> SliceByHour(int64_t start, int64_t length) {
  if (absl::Status window = CheckWindow(start, length); !window.ok()) return window;
  std::vector<HourSlice> slices;
  for (int64_t from = 0; from < length;) {
    const int64_t left_of_hour = kNanosPerHour - (start + from) % kNanosPerHour;
    const int64_t to = from + std::min(left_of_hour, length - from);
    slices.push_back({.hour_start = HourOf(start + from), .from_nanos = from, .to_nanos = to});
    from = to;
  }
  return slices;
}

absl::StatusOr<std::vector<HourSlice>> SliceByDay(int64_t start, int64_t length,
                                                  const DayZone& zone) {
  if (absl::Status window = CheckWindow(start, length); !window.ok()) return window;
  std::vector<HourSlice> days;
  for (int64_t from = 0; from < length;) {
    const int64_t day = DayOf(zone.Local((start + from) / kNanosPerSecond));
    const int64_t left = SecondsToNanos(zone.BeginOf(day + kSecondsPerDay), start + length) - start;
    const int64_t to = std::min(left, length);
    days.push_back({.hour_start = day, .from_nanos = from, .to_nanos = to});
    from = to;
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

InferenceAmounts PartIn(const HourSlice& slice, const InferenceAmounts& total, int64_t length) {
  const auto part = [&](int64_t amount) { return PartIn(slice, amount, length); };
  return {.requests = part(total.requests),
          .unpriced_requests = part(total.unpriced_requests),
          .input_tokens = part(total.input_tokens),
          .cached_input_tokens = part(total.cached_input_tokens),
          .output_tokens = part(total.output_tokens),
          .revenue_micro_usd = part(total.revenue_micro_usd)};
}

int64_t PartIn(const HourSlice& slice, int64_t total, int64_t length) {
  if (slice.from_nanos == 0 && slice.to_nanos == length) return total;
  // Divisions drop what lies towards 0, so that a correction is cut as what it takes back was.
  return static_cast<int64_t>(Before(total, slice.to_nanos, length) -
                              Before(total, slice.from_nanos, length));
}

}  // namespace fleetmeter
