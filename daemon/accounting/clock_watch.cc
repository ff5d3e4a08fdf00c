#include "daemon/accounting/clock_watch.h"

#include <algorithm>
#include <cstdlib>

namespace fleetmeter {

ClockWatch::ClockWatch(const Clock& clock) : clock_(clock) {
  Anchor(clock.UnixNanos(), clock.MonotonicNanos());
}

void ClockWatch::Anchor(int64_t unix_nanos, int64_t monotonic_nanos) {
  anchor_unix_ = unix_nanos;
  anchor_monotonic_ = monotonic_nanos;
  stepped_at_monotonic_ = monotonic_nanos;
  passed_ = unix_nanos;
  deviation_ = 0;
  resumed_ = false;
}

void ClockWatch::Resume(int64_t committed_unix_nanos) {
  Anchor(committed_unix_nanos, clock_.MonotonicNanos());
  deviation_ = clock_.UnixNanos() - committed_unix_nanos;
  resumed_ = true;
}

ClockReading ClockWatch::Read(const SourceClocks& sources, size_t several) {
  const int64_t wall = clock_.UnixNanos();
  const int64_t monotonic = clock_.MonotonicNanos();
  passed_ = anchor_unix_ + (monotonic - anchor_monotonic_);
  const int64_t deviation = wall - passed_;
  ClockReading reading{std::min(wall, passed_), std::max(wall, passed_), false};
  if (std::abs(deviation - deviation_) > kStep) {
    deviation_ = deviation;
    stepped_at_monotonic_ = monotonic;
    resumed_ = false;
    reading.stepped = true;
  } else if (monotonic - stepped_at_monotonic_ > kBelieveAfter &&
             !sources.Ask(wall, monotonic).Contradict(several)) {
    Anchor(wall, monotonic);
  }
  believes_wall_ = BelievesWall(wall, monotonic, sources, several);
  return reading;
}

bool ClockWatch::BelievesWall(int64_t wall, int64_t monotonic_nanos, const SourceClocks& sources,
                              size_t several) const {
  const int64_t deviation = wall - passed_;
  if (std::abs(deviation) <= kStep) return true;
  const size_t for_wall = sources.Ask(wall, monotonic_nanos).agreeing;
  const size_t for_passed = sources.Ask(passed_, monotonic_nanos).agreeing;
  if (for_wall != for_passed && std::max(for_wall, for_passed) >= several) {
    return for_wall > for_passed;
  }
  return resumed_ && deviation > 0 && deviation <= kShortBreak;
}

}  // namespace fleetmeter
