// Chip-time of one kind of usage, in chip-nanoseconds, and how the ledger's file holds it: as whole
// chip-seconds and the chip-nanoseconds beyond them, since a column holds 64 bits and sums need
// more, and so that SQL's own sum() can add them up.
#pragma once

#include <array>
#include <cstdint>

#include "absl/numeric/int128.h"
#include "daemon/base/clock.h"

namespace fleetmeter {

struct UsageAmounts {
  absl::int128 chips = 0;
  absl::int128 busy = 0;
  absl::int128 productive = 0;
  // The part of `chips` whose busy (productive) part was measured: what was not measured is
  // missing, and a busy of 0 is none.
  absl::int128 measured = 0;
  absl::int128 productive_measured = 0;

  UsageAmounts& operator+=(const UsageAmounts& other) {
    chips += other.chips;
    busy += other.busy;
    productive += other.productive;
    measured += other.measured;
    productive_measured += other.productive_measured;
    return *this;
  }
  UsageAmounts& operator-=(const UsageAmounts& other) {
    chips -= other.chips;
    busy -= other.busy;
    productive -= other.productive;
    measured -= other.measured;
    productive_measured -= other.productive_measured;
    return *this;
  }
  friend bool operator==(const UsageAmounts&, const UsageAmounts&) = default;
};

inline constexpr int kAmountColumns = 10;

// chips_s, chips_ns, busy_s, busy_ns, ...: the order of the columns in every table. Seconds are
// rounded down, so that the nanoseconds of amounts below 0 are not below 0 too.
inline std::array<int64_t, kAmountColumns> ToColumns(const UsageAmounts& a) {
  std::array<int64_t, kAmountColumns> columns{};
  size_t at = 0;
  for (const absl::int128 nanos :
       {a.chips, a.busy, a.productive, a.measured, a.productive_measured}) {
    const int64_t rest = static_cast<int64_t>(nanos % kNanosPerSecond);
    const int64_t beyond = rest < 0 ? rest + kNanosPerSecond : rest;
    columns[at++] = static_cast<int64_t>((nanos - beyond) / kNanosPerSecond);
    columns[at++] = beyond;
  }
  return columns;
}

// Also of sums of columns, where nanoseconds have grown beyond a second.
inline UsageAmounts FromColumns(const std::array<int64_t, kAmountColumns>& columns) {
  const auto nanos = [&](size_t at) {
    return absl::int128(columns[at]) * kNanosPerSecond + columns[at + 1];
  };
  return {.chips = nanos(0),
          .busy = nanos(2),
          .productive = nanos(4),
          .measured = nanos(6),
          .productive_measured = nanos(8)};
}

}  // namespace fleetmeter
