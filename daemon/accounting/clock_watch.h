// The daemon's wall clock, held against its monotonic one.
//
// A wall clock that is set (by an hour, by ten years) or stands still parts from what has really
// passed: since the start, or since the latest commit of the run before. Nobody can say by these
// two alone which of them is right, so a window is refused for its time only when both say so: no
// usage is lost because a clock was set. Which of them is taken for the present, sources decide.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "daemon/accounting/source_clocks.h"
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
  // A clock that was not set again for so long is believed, unless sources contradict it.
  static constexpr int64_t kBelieveAfter = kHour;
  // The daemon was away for so long at most: no reason to doubt the clock that it starts with.
  static constexpr int64_t kShortBreak = 10 * kMinute;

  explicit ClockWatch(const Clock& clock);

  // At a start: it was this time, at least, at the latest commit of the run before.
  void Resume(int64_t committed_unix_nanos);

  // `sources` are asked where the two clocks differ; `several`: so many have to agree.
  ClockReading Read(const SourceClocks& sources, size_t several);
  // How far the wall clock is ahead of what has really passed.
  int64_t deviation_nanos() const { return deviation_; }
  // As of the latest reading: is the wall clock taken for the present? If not, what has passed is.
  bool believes_wall() const { return believes_wall_; }
  // By what has passed. Also as of the latest reading.
  int64_t passed_unix_nanos() const { return passed_; }

 private:
  void Anchor(int64_t unix_nanos, int64_t monotonic_nanos);
  bool BelievesWall(int64_t wall, int64_t monotonic_nanos, const SourceClocks& sources,
                    size_t several) const;

  const Clock& clock_;
  int64_t anchor_unix_ = 0;
  int64_t anchor_monotonic_ = 0;
  int64_t deviation_ = 0;
  int64_t stepped_at_monotonic_ = 0;
  int64_t passed_ = 0;
  bool believes_wall_ = true;
  bool resumed_ = false;  // what differs is the time between two runs, and nothing else
};

}  // namespace fleetmeter
