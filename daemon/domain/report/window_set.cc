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

std::vector<TimeSpan> WindowSet::Spans() const {
  std::vector<TimeSpan> spans;
  if (empty()) return spans;
  int64_t from = counted_.start_unix_nanos;
  for (const TimeSpan& gap : gaps_) {
    spans.push_back({from, gap.start_unix_nanos});
    from = gap.end_unix_nanos;
  }
  spans.push_back({from, counted_.end_unix_nanos});
  return spans;
}

int64_t WindowSet::CountedBefore(int64_t unix_nanos) const {
  if (unix_nanos >= counted_.end_unix_nanos) return counted_.end_unix_nanos;
  for (auto gap = gaps_.rbegin(); gap != gaps_.rend(); ++gap) {
    if (gap->end_unix_nanos <= unix_nanos) break;
    if (gap->start_unix_nanos <= unix_nanos) return gap->start_unix_nanos;
  }
  return std::max(unix_nanos, counted_.start_unix_nanos);
}

// A gap of both together is what no span of either touches.
void WindowSet::Merge(const WindowSet& other) {
  if (other.empty()) return;
  std::vector<TimeSpan> spans = Spans();
  const std::vector<TimeSpan> more = other.Spans();
  spans.insert(spans.end(), more.begin(), more.end());
  std::sort(spans.begin(), spans.end(), [](const TimeSpan& a, const TimeSpan& b) {
    return a.start_unix_nanos < b.start_unix_nanos;
  });
  counted_ = spans.front();
  gaps_.clear();
  for (const TimeSpan& span : spans) {
    if (span.start_unix_nanos > counted_.end_unix_nanos) {
      gaps_.push_back({counted_.end_unix_nanos, span.start_unix_nanos});
    }
    counted_.end_unix_nanos = std::max(counted_.end_unix_nanos, span.end_unix_nanos);
  }
  CloseOldest();
}

ClosedGaps WindowSet::CloseOldest() {
  ClosedGaps closed;
  if (gaps_.size() <= kMaxGaps) return closed;
  const auto end = gaps_.end() - static_cast<int64_t>(kMaxGaps);
  for (auto gap = gaps_.begin(); gap != end; ++gap) {
    ++closed.gaps;
    closed.nanos += gap->end_unix_nanos - gap->start_unix_nanos;
  }
  gaps_.erase(gaps_.begin(), end);
  return closed;
}

ClosedGaps WindowSet::Add(TimeSpan window) {
  Insert(window);
  return CloseOldest();
}

std::optional<TimeSpan> WindowSet::ClosedBy(TimeSpan window) const {
  if (gaps_.size() < kMaxGaps) return std::nullopt;
  WindowSet after = *this;
  after.Insert(window);
  return after.gaps_.size() > kMaxGaps ? std::optional(after.gaps_.front()) : std::nullopt;
}

void WindowSet::Insert(TimeSpan window) {
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
}

}  // namespace fleetmeter
