#include "daemon/domain/report/window_set.h"

#include <algorithm>

namespace fleetmeter {
namespace {

bool Within(const TimeSpan& inner, const TimeSpan& outer) {
  return inner.start_unix_nanos >= outer.start_unix_nanos &&
         inner.end_unix_nanos <= outer.end_unix_nanos;
}

}  // namespace

bool WindowSet::Overlaps(TimeSpan window) const {
  if (empty()) return false;
  if (window.start_unix_nanos >= counted_.end_unix_nanos) return false;
  if (window.end_unix_nanos <= counted_.start_unix_nanos) return false;
  return std::none_of(gaps_.begin(), gaps_.end(),
                      [&](const TimeSpan& gap) { return Within(window, gap); });
}

bool WindowSet::Covers(TimeSpan window) const {
  return !empty() && Within(window, counted_) &&
         std::none_of(gaps_.begin(), gaps_.end(), [&](const TimeSpan& gap) {
           return gap.start_unix_nanos < window.end_unix_nanos &&
                  window.start_unix_nanos < gap.end_unix_nanos;
         });
}

void WindowSet::Add(TimeSpan window, size_t max_gaps) {
  if (empty()) {
    counted_ = window;
    return;
  }
  if (window.start_unix_nanos >= counted_.end_unix_nanos) {
    if (window.start_unix_nanos > counted_.end_unix_nanos) {
      gaps_.push_back({counted_.end_unix_nanos, window.start_unix_nanos});
    }
    counted_.end_unix_nanos = window.end_unix_nanos;
  } else if (window.end_unix_nanos <= counted_.start_unix_nanos) {
    if (window.end_unix_nanos < counted_.start_unix_nanos) {
      gaps_.insert(gaps_.begin(), {window.end_unix_nanos, counted_.start_unix_nanos});
    }
    counted_.start_unix_nanos = window.start_unix_nanos;
  } else {
    const auto gap = std::find_if(gaps_.begin(), gaps_.end(),
                                  [&](const TimeSpan& g) { return Within(window, g); });
    if (gap == gaps_.end()) return;  // the caller was to look first
    const TimeSpan before{gap->start_unix_nanos, window.start_unix_nanos};
    const TimeSpan after{window.end_unix_nanos, gap->end_unix_nanos};
    auto next = gaps_.erase(gap);
    if (after.start_unix_nanos < after.end_unix_nanos) next = gaps_.insert(next, after);
    if (before.start_unix_nanos < before.end_unix_nanos) gaps_.insert(next, before);
  }
  if (gaps_.size() > max_gaps) gaps_.erase(gaps_.begin());
}

}  // namespace fleetmeter
