// Amounts and times of requests: in range, and as messages have them. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "absl/numeric/int128.h"
#include "daemon/base/units.h"

namespace fleetmeter::capacity {

// The nearest that 64 bits have room for.
int64_t Saturated(absl::int128 value);

// Micro-H100e, to the nearest.
int64_t MicroH100e(double h100e);

// The start of the hour that holds a time (1970 or later), and the end of it for one within it.
constexpr int64_t HourOf(int64_t unix_seconds) {
  return unix_seconds - unix_seconds % kSecondsPerHour;
}
constexpr int64_t FullHourFrom(int64_t unix_seconds) {
  return HourOf(unix_seconds + kSecondsPerHour - 1);
}

// The nearest that 64 bits have room for: forms name times that nobody has checked.
int64_t UnixNanos(int64_t unix_seconds);

// "120.5" H100e, to a thousandth.
std::string H100eText(absl::int128 micro_h100e);

// "1,200.50" USD, to a cent.
std::string UsdText(int64_t micro_usd);

// "2026-01-01 08:00:00Z".
std::string TimeText(int64_t unix_seconds);

}  // namespace fleetmeter::capacity
