// What the clocks of sources say, as their reports tell, held against a time of ours.
//
// The wall clock of one machine can be wrong without its knowing. Those of several machines seldom
// are wrong in the same way, so they are asked before anything final is done by ours. It is a
// sample: of more than kMost sources, those that spoke first. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "daemon/base/units.h"

namespace fleetmeter {

// How many sources agree with a time, and how many do not.
struct ClockVotes {
  size_t agreeing = 0;
  size_t ahead = 0;   // their clocks are ahead of it
  size_t behind = 0;  // or behind it
  // What the clocks that are behind say, in the middle; nullopt: none is.
  std::optional<int64_t> behind_unix_nanos;

  size_t against() const { return ahead + behind; }
  bool Confirm(size_t several) const { return agreeing >= several && agreeing > against(); }
  bool Contradict(size_t several) const { return against() >= several && against() > agreeing; }
};

class SourceClocks {
 public:
  static constexpr size_t kMost = 64;
  // The clocks of two machines that are right, and the way of a report, differ by less.
  static constexpr int64_t kTolerance = 2 * kMinute;
  // What was said longer ago says nothing of the present.
  static constexpr int64_t kForgetAfter = kHour;

  // The sender of the source said what time it was there.
  void NoteSent(const std::string& source, int64_t unix_nanos, int64_t monotonic_nanos) {
    Note(source, unix_nanos, monotonic_nanos, true);
  }
  // A window of the source ended then. Its clock is not behind that. It may be ahead, since windows
  // that waited for us arrive late.
  void NoteWindow(const std::string& source, int64_t end_unix_nanos, int64_t monotonic_nanos) {
    Note(source, end_unix_nanos, monotonic_nanos, false);
  }

  // Whether it is `unix_nanos` now, by the clocks of the sources.
  ClockVotes Ask(int64_t unix_nanos, int64_t monotonic_nanos) const;

 private:
  struct Reading {
    int64_t unix_nanos = 0;
    int64_t monotonic_nanos = 0;
    bool exact = false;
  };

  void Note(const std::string& source, int64_t unix_nanos, int64_t monotonic_nanos, bool exact);
  bool MakeRoom(int64_t monotonic_nanos);

  absl::flat_hash_map<std::string, Reading> readings_;
  std::optional<int64_t> made_room_monotonic_;
};

}  // namespace fleetmeter
