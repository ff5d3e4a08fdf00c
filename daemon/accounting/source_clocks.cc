#include "daemon/accounting/source_clocks.h"

#include <algorithm>
#include <vector>

namespace fleetmeter {
namespace {

constexpr int64_t kMakeRoomEvery = kMinute;

}  // namespace

void SourceClocks::Note(const std::string& source, int64_t unix_nanos, int64_t monotonic_nanos,
                        bool exact) {
  const Reading reading{unix_nanos, monotonic_nanos, exact};
  if (const auto known = readings_.find(source); known != readings_.end()) {
    known->second = reading;
    return;
  }
  if (readings_.size() < kMost || MakeRoom(monotonic_nanos)) readings_.emplace(source, reading);
}

// Looked for now and then only: a large fleet has many sources that are not in the sample.
bool SourceClocks::MakeRoom(int64_t monotonic_nanos) {
  if (made_room_monotonic_ && monotonic_nanos - *made_room_monotonic_ < kMakeRoomEvery) {
    return false;
  }
  made_room_monotonic_ = monotonic_nanos;
  absl::erase_if(readings_, [&](const auto& source) {
    return monotonic_nanos - source.second.monotonic_nanos > kForgetAfter;
  });
  return readings_.size() < kMost;
}

ClockVotes SourceClocks::Ask(int64_t unix_nanos, int64_t monotonic_nanos) const {
  ClockVotes votes;
  std::vector<int64_t> behind;
  for (const auto& [source, reading] : readings_) {
    const int64_t age = monotonic_nanos - reading.monotonic_nanos;
    if (age > kForgetAfter) continue;
    const int64_t ahead = reading.unix_nanos + age - unix_nanos;
    if (ahead > kTolerance) {
      ++votes.ahead;
    } else if (ahead >= -kTolerance) {
      ++votes.agreeing;
    } else if (reading.exact) {
      behind.push_back(reading.unix_nanos + age);
    }
  }
  votes.behind = behind.size();
  if (behind.empty()) return votes;
  const auto middle = behind.begin() + static_cast<int64_t>(behind.size() / 2);
  std::nth_element(behind.begin(), middle, behind.end());
  votes.behind_unix_nanos = *middle;
  return votes;
}

}  // namespace fleetmeter
