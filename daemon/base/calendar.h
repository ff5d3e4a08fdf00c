// UTC days and calendar quarters; times in seconds since 1970. Pure.
#pragma once

#include <chrono>
#include <cstdint>

#include "daemon/base/units.h"

namespace fleetmeter {

// The start of the day that holds `seconds` (1970 or later).
inline int64_t DayOf(int64_t seconds) { return seconds - seconds % kSecondsPerDay; }

// The start of the quarter that holds `seconds`, and of the one after it.
inline int64_t QuarterOf(int64_t seconds, unsigned quarters_later = 0) {
  using namespace std::chrono;
  const year_month_day day{sys_days{days{seconds / kSecondsPerDay}}};
  const unsigned first_month = (static_cast<unsigned>(day.month()) - 1) / 3 * 3 + 1;
  const year_month_day start =
      day.year() / month{first_month} / 1 + months{static_cast<int>(3 * quarters_later)};
  return int64_t{sys_days{start}.time_since_epoch().count()} * kSecondsPerDay;
}

}  // namespace fleetmeter
