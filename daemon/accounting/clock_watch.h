// The daemon's wall clock, held against its monotonic one.
//
// While the process runs, a wall clock that is set (by an hour, by ten years) or stands still parts
// from what has really passed. Nobody can say which of the two is right, so a window is refused for
// its time only when both say so: no usage is lost because a clock was set. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/base/clock.h"

namespace fleetmeter {

// Unix nanoseconds. The two are equal while the wall clock has not been set.
struct ClockReading {
  int64_t earliest = 0;
  int64_t latest = 0;
  bool stepped = false;  // the wall clock has just been set
};

class ClockWatch {
 public:
  // What two readings may differ by before it counts as setting; slewing stays below.
  static constexpr int64_t kStep = 2 * kSecond;
  // A clock that was not set again for so long is believed.
  static constexpr int64_t kBelieveAfter = kHour;

  explicit ClockWatch(const Clock& clock);

  ClockReading Read();
  // How far the wall clock is ahead of what has really passed.
  int64_t deviation_nanos() const { return deviation_; }

 private:
  const Clock& clock_;
  int64_t anchor_unix_;
  int64_t anchor_monotonic_;
  int64_t deviation_ = 0;
  int64_t stepped_at_monotonic_;
};

}  // namespace fleetmeter
