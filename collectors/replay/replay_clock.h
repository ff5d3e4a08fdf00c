// The replay's own time: turns the collector's windows into spans of recorded time.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collectors/replay/replay_options.h"

namespace fleetmeter::collector {

// Recorded time [from, to) in nanoseconds, both on the replay's grain. With `held` the state at
// `from` stands still for to - from.
struct Span {
  int64_t from = 0;
  int64_t to = 0;
  bool held = false;
};

// Used by one thread, the collector's loop.
class ReplayClock {
 public:
  // The recording's own bounds; `end` is INT64_MAX when it has none. InvalidArgument names the
  // option.
  static absl::StatusOr<ReplayClock> Create(const ReplayOptions& options, int64_t begin,
                                            int64_t end);

  // The span of a window of this duration; what reaches beyond the end is cut off. OutOfRange: the
  // end was reached before. What is finer than the grain is kept for the next span, so that the
  // spans add up to the durations.
  absl::StatusOr<Span> Advance(int64_t duration_nanos);

  int64_t RemainingNanos() const;

 private:
  ReplayClock() = default;

  bool hold_ = false;
  bool loop_ = false;
  int64_t from_ = 0;
  int64_t until_ = INT64_MAX;
  int64_t cursor_ = 0;      // exact
  int64_t held_nanos_ = 0;  // part of a grain that a held replay owes
};

}  // namespace fleetmeter::collector
