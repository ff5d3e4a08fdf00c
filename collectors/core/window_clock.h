// Lays measured time into wall time: what the next window is, whatever is done to the wall clock.
//
// How much time passed comes from the monotonic clock alone: the durations of all windows add up to
// it, to the nanosecond. Where a window lies comes from the wall clock: it ends now, begins where
// the last one ended, never overlaps an earlier one of ours and never ends ahead of the wall clock.
//
//   wall clock set forward   a gap: the next window is as long as what was measured, and ends now
//   slightly slewed          windows stay without gaps; length and duration differ a little
//   set back into time that  hold: no window until the clock has come out of it; what was measured
//   is taken by windows      meanwhile follows in windows of more duration than length, as much at
//                            a time as the daemon takes (11/10 of the length, DurationAccount)
//   set back further than    windows go on at the new time: either it is free, or what is there was
//   kLongestHold             ahead of the daemon's clock; what the daemon has counted it refuses
//   frozen                   hold, as above
//
// Belongs to the sampling thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "collectors/core/source.h"
#include "daemon/base/clock.h"
#include "daemon/base/duration_account.h"

namespace fleetmeter::collector {

class WindowClock {
 public:
  static constexpr int64_t kLongestWindow = 1'800 * kNanosPerSecond;
  static constexpr int64_t kLongestHold = 7'200 * kNanosPerSecond;

  // Measuring begins now. `earlier_end`: end of the latest window of an earlier run, 0 if there is
  // none. `speed`: recorded time a measured time. `clock` outlives this.
  WindowClock(const Clock& clock, int64_t earlier_end_unix_nanos, double speed);

  // The next window, with at most `longest_duration` of recorded time. nullopt: hold. `last`: the
  // run is at its end.
  std::optional<Window> Next(int64_t longest_duration, bool last = false);
  // Whether Next would hold now.
  bool Holds() const;
  // The window that Next gave is done with, counted or failed.
  void Advance();

  // Measured, and not in a window yet.
  int64_t OwedNanos() const { return clock_->MonotonicNanos() - measured_until_; }

 private:
  struct Span {  // half-open
    int64_t start = 0;
    int64_t end = 0;
  };
  // How much of what was measured a window of this length may carry. The last one may use what was
  // saved: others do not, since a daemon that was started again does not know of it.
  int64_t LongestMeasured(int64_t length, bool last) const;
  // What wall time there is for a window that ends at `wall`; empty: none.
  Span FreeTime(int64_t wall) const;
  // Where windows continue: the end of the latest span that ends at `wall` or before.
  int64_t Floor(int64_t wall) const;
  const Span* Covering(int64_t wall) const;
  void GiveUpWaiting(int64_t wall);
  void SayWhetherHeld(bool held, int64_t wall);
  void Take(Span span);

  const Clock* clock_;
  double speed_;
  std::vector<Span> taken_;  // ascending, apart
  int64_t run_end_ = 0;      // of the window before
  int64_t measured_until_ = 0;
  DurationAccount durations_;  // as the daemon has it
  bool first_ = true;          // no window has been done with
  Span next_;                  // what Next gave, for Advance
  int64_t next_measured_ = 0;  // likewise
  bool holding_ = false;       // said so already
};

}  // namespace fleetmeter::collector
