// How much longer than their windows the measured durations of one source may be, over time.
//
// A duration comes from a monotonic clock and may be longer than its window: the wall clock was
// slewed, or set back. Nothing in a single report tells that from time that never was, so that it
// is bounded over all reports of the source: their durations add up to at most 11/10 of their
// windows, and in any stretch of them to at most that and a minute more. What a source does not use
// it saves, up to that minute. Times are those of the sender's clocks: of a replay, durations
// divided by its speed. Plain value; not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>

#include "daemon/base/units.h"

namespace fleetmeter {

class DurationAccount {
 public:
  static constexpr int64_t kMostSavedNanos = kMinute;
  // One part in so many of a window may be added to its duration.
  static constexpr int64_t kParts = 10;

  // What a window of this length may always have, whatever was saved.
  static constexpr int64_t AllowanceOf(int64_t length_nanos) {
    return length_nanos + length_nanos / kParts;
  }

  // The longest duration that the next window may have, if it is of this length.
  int64_t LongestFor(int64_t length_nanos) const { return AllowanceOf(length_nanos) + saved_; }

  // Counts a window whose duration is at most LongestFor(length).
  void Count(int64_t length_nanos, int64_t duration_nanos) {
    saved_ = std::clamp<int64_t>(LongestFor(length_nanos) - duration_nanos, 0, kMostSavedNanos);
  }

  // Two sources were one all along: of what both have saved, the one has the smaller part.
  void Merge(const DurationAccount& other) { saved_ = std::min(saved_, other.saved_); }

  int64_t saved_nanos() const { return saved_; }

  friend bool operator==(const DurationAccount&, const DurationAccount&) = default;

 private:
  int64_t saved_ = 0;  // nothing, until it has been heard for a while
};

}  // namespace fleetmeter
