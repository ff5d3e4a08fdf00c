// What the clocks of sources say, as their reports tell, held against a time of ours.
//
// The wall clock of one machine can be wrong without its knowing. Those of several machines seldom
// are wrong in the same way, so they are asked before anything final is done by ours. It is a
// sample: of more than kMost sources, those that spoke first, and no more of one identity than
// others need. Not thread-safe.
//
// Whoever speaks for many sources could outvote the rest. So an identity has half as many votes as
// the others have sources, and at least kFewest. Callers that cannot be told apart are not held to
// that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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
  static constexpr size_t kFewest = 2;
  // The clocks of two machines that are right, and the way of a report, differ by less.
  static constexpr int64_t kTolerance = 2 * kMinute;
  // What was said longer ago says nothing of the present.
  static constexpr int64_t kForgetAfter = kHour;

  // The sender of the source, which is `identity`, said what time it was there.
  void NoteSent(const std::string& identity, const std::string& source, int64_t unix_nanos,
                int64_t monotonic_nanos) {
    Note(source, {identity, unix_nanos, monotonic_nanos, true});
  }
  // A window of the source ended then. Its clock is not behind that. It may be ahead, since windows
  // that waited for us arrive late.
  void NoteWindow(const std::string& identity, const std::string& source, int64_t end_unix_nanos,
                  int64_t monotonic_nanos) {
    Note(source, {identity, end_unix_nanos, monotonic_nanos, false});
  }

  // Whether it is `unix_nanos` now, by the clocks of the sources.
  ClockVotes Ask(int64_t unix_nanos, int64_t monotonic_nanos) const;

 private:
  struct Reading {
    std::string identity;
    int64_t unix_nanos = 0;
    int64_t monotonic_nanos = 0;
    bool exact = false;
  };
  // What the sources of one identity say.
  struct Said {
    size_t agreeing = 0;
    size_t ahead = 0;
    std::vector<int64_t> behind;  // the times of those that are

    size_t sources() const { return agreeing + ahead + behind.size(); }
    void LeaveVotes(size_t votes);
  };

  void Note(const std::string& source, Reading reading);
  void GiveBackPlace(const std::string& identity);
  bool MakeRoom(const std::string& identity, int64_t monotonic_nanos);
  bool ForgetOld(int64_t monotonic_nanos);
  bool TakePlaceOfAnother(const std::string& identity);

  absl::flat_hash_map<std::string, Reading> readings_;
  // How many readings each identity has: looked at for every report of a source without a place.
  absl::flat_hash_map<std::string, size_t> places_;
  std::optional<int64_t> made_room_monotonic_;
};

}  // namespace fleetmeter
