#include "daemon/accounting/source_clocks.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "daemon/domain/report/stream_key.h"

namespace fleetmeter {
namespace {

constexpr int64_t kMakeRoomEvery = kMinute;

int64_t MiddleOf(std::vector<int64_t>& times) {
  const auto middle = times.begin() + static_cast<int64_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

}  // namespace

void SourceClocks::Note(const std::string& source, Reading reading) {
  if (const auto known = readings_.find(source); known != readings_.end()) {
    ++places_[reading.identity];
    GiveBackPlace(known->second.identity);
    known->second = std::move(reading);
    return;
  }
  if (readings_.size() < kMost || MakeRoom(reading.identity, reading.monotonic_nanos)) {
    ++places_[reading.identity];
    readings_.emplace(source, std::move(reading));
  }
}

void SourceClocks::GiveBackPlace(const std::string& identity) {
  const auto places = places_.find(identity);
  if (--places->second == 0) places_.erase(places);
}

bool SourceClocks::MakeRoom(const std::string& identity, int64_t monotonic_nanos) {
  return ForgetOld(monotonic_nanos) || TakePlaceOfAnother(identity);
}

// Looked for now and then only: a large fleet has many sources that are not in the sample.
bool SourceClocks::ForgetOld(int64_t monotonic_nanos) {
  if (made_room_monotonic_ && monotonic_nanos - *made_room_monotonic_ < kMakeRoomEvery) {
    return false;
  }
  made_room_monotonic_ = monotonic_nanos;
  absl::erase_if(readings_, [&](const auto& source) {
    if (monotonic_nanos - source.second.monotonic_nanos <= kForgetAfter) return false;
    GiveBackPlace(source.second.identity);
    return true;
  });
  return readings_.size() < kMost;
}

// Of the identity that has most places, if it still has as many as `identity` afterwards.
bool SourceClocks::TakePlaceOfAnother(const std::string& identity) {
  const auto most = std::max_element(
      places_.begin(), places_.end(),
      [](const auto& one, const auto& other) { return one.second < other.second; });
  const auto own = places_.find(identity);
  if (most->second < (own == places_.end() ? 0 : own->second) + 2) return false;
  const auto left = std::find_if(readings_.begin(), readings_.end(), [&](const auto& source) {
    return source.second.identity == most->first;
  });
  GiveBackPlace(left->second.identity);
  readings_.erase(left);
  return true;
}

// In the proportion in which its sources speak. What is left over goes to the larger part.
void SourceClocks::Said::LeaveVotes(size_t votes) {
  const size_t all = sources();
  if (all <= votes) return;
  const size_t was_behind = behind.size();
  size_t now_ahead = ahead * votes / all;
  size_t now_behind = was_behind * votes / all;
  size_t now_agreeing = agreeing * votes / all;
  size_t& largest = agreeing >= std::max(ahead, was_behind) ? now_agreeing
                    : ahead >= was_behind                   ? now_ahead
                                                            : now_behind;
  largest += votes - now_ahead - now_behind - now_agreeing;
  agreeing = now_agreeing;
  ahead = now_ahead;
  if (was_behind > 0) behind.assign(now_behind, MiddleOf(behind));
}

ClockVotes SourceClocks::Ask(int64_t unix_nanos, int64_t monotonic_nanos) const {
  std::map<std::string_view, Said> said;
  size_t sources = 0;
  for (const auto& [source, reading] : readings_) {
    const int64_t age = monotonic_nanos - reading.monotonic_nanos;
    if (age > kForgetAfter) continue;
    const int64_t ahead = reading.unix_nanos + age - unix_nanos;
    Said& its = said[reading.identity];
    if (ahead > kTolerance) {
      ++its.ahead;
    } else if (ahead >= -kTolerance) {
      ++its.agreeing;
    } else if (reading.exact) {
      its.behind.push_back(reading.unix_nanos + age);
    } else {
      continue;
    }
    ++sources;
  }
  ClockVotes votes;
  std::vector<int64_t> behind;
  for (auto& [identity, its] : said) {
    const size_t others = sources - its.sources();
    if (others > 0 && identity != kLocalIdentity) {
      its.LeaveVotes(std::max(kFewest, others / 2));
    }
    votes.agreeing += its.agreeing;
    votes.ahead += its.ahead;
    behind.insert(behind.end(), its.behind.begin(), its.behind.end());
  }
  votes.behind = behind.size();
  if (!behind.empty()) votes.behind_unix_nanos = MiddleOf(behind);
  return votes;
}

}  // namespace fleetmeter
