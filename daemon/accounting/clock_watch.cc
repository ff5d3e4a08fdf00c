#include "daemon/accounting/clock_watch.h"

#include <algorithm>
#include <cstdlib>

namespace fleetmeter {

ClockWatch::ClockWatch(const Clock& clock)
    : clock_(clock),
      anchor_unix_(clock.UnixNanos()),
      anchor_monotonic_(clock.MonotonicNanos()),
      stepped_at_monotonic_(anchor_monotonic_) {}

ClockReading ClockWatch::Read() {
  const int64_t wall = clock_.UnixNanos();
  const int64_t monotonic = clock_.MonotonicNanos();
  const int64_t passed = anchor_unix_ + (monotonic - anchor_monotonic_);
  const int64_t deviation = wall - passed;
  ClockReading reading{std::min(wall, passed), std::max(wall, passed), false};
  if (std::abs(deviation - deviation_) > kStep) {
    deviation_ = deviation;
    stepped_at_monotonic_ = monotonic;
    reading.stepped = true;
  } else if (monotonic - stepped_at_monotonic_ > kBelieveAfter) {
    anchor_unix_ = wall;
    anchor_monotonic_ = monotonic;
    stepped_at_monotonic_ = monotonic;
    deviation_ = 0;
  }
  return reading;
}

}  // namespace fleetmeter
