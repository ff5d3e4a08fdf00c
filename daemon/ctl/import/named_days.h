// One rule for all imports: a file whose windows are all whole days (of training, a row whose
// window is), by the clocks that it is written by, names days, and what it says counts for the days
// that it names, as the books have days. An invoice of April is April's, wherever it was written.
// Pure.
//
// The clocks of a time are those of the offset that it is written with, whatever else was said;
// without one those of --time-zone, and without that those of the daemon's outcomes.time_zone.
#pragma once

#include <cstdint>

#include "daemon/base/day_zone.h"
#include "daemon/base/units.h"

namespace fleetmeter::imports {

// The moment of a time by the clocks of `zone` (DayZone::Moment), both in nanoseconds: of a day's
// name, when that day begins.
inline int64_t MomentOf(const DayZone& zone, int64_t local_nanos) {
  return zone.Moment(local_nanos / kNanosPerSecond) * kNanosPerSecond +
         local_nanos % kNanosPerSecond;
}

}  // namespace fleetmeter::imports
