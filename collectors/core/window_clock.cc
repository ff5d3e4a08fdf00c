#include "collectors/core/window_clock.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace fleetmeter::collector {
namespace {

constexpr int64_t kStep = kNanosPerSecond;  // a clock that gains more than this was set
constexpr size_t kMostSpans = 64;

}  // namespace

WindowClock::WindowClock(const Clock& clock, int64_t earlier_end_unix_nanos, double speed)
    : clock_(&clock), speed_(speed) {
  run_end_ = clock.UnixNanos();
  measured_until_ = clock.MonotonicNanos();
  if (earlier_end_unix_nanos > 0) {
    taken_.push_back({earlier_end_unix_nanos - kLongestHold, earlier_end_unix_nanos});
    if (earlier_end_unix_nanos > run_end_) {
      spdlog::warn("the wall clock is {:.1f} s behind the latest window of the run before",
                   static_cast<double>(earlier_end_unix_nanos - run_end_) / kNanosPerSecond);
    }
  }
}

const WindowClock::Span* WindowClock::Covering(int64_t wall) const {
  for (const Span& span : taken_) {
    if (span.start < wall && wall < span.end) return &span;
  }
  return nullptr;
}

int64_t WindowClock::Floor(int64_t wall) const {
  int64_t floor = INT64_MIN;
  for (const Span& span : taken_) {
    if (span.end <= wall) floor = std::max(floor, span.end);
  }
  return floor;
}

WindowClock::Span WindowClock::FreeTime(int64_t wall) const {
  const Span* covering = Covering(wall);
  if (covering == nullptr) return {Floor(wall), wall};
  // The way to taken time may still be free, where we come from.
  const int64_t floor = Floor(covering->start);
  if (floor == run_end_ && floor < covering->start) return {floor, covering->start};
  return {};
}

void WindowClock::GiveUpWaiting(int64_t wall) {
  const Span* covering = Covering(wall);
  if (covering == nullptr || covering->end - wall <= kLongestHold) return;
  spdlog::error(
      "the wall clock was set back by {:.0f} s, into time that windows were reported for; windows "
      "go "
      "on at the new time, and what overlaps counted ones will be rejected",
      static_cast<double>(covering->end - wall) / kNanosPerSecond);
  std::erase_if(taken_, [&](const Span& span) { return span.end > wall; });
  taken_.push_back({wall, wall});
}

void WindowClock::SayWhetherHeld(bool held, int64_t wall) {
  if (std::exchange(holding_, held) == held) return;
  if (!held) {
    spdlog::info("the wall clock has come out of reported time; windows go on");
    return;
  }
  const Span* covering = Covering(wall);
  spdlog::warn(
      "the wall clock stands still or was set back into time that windows were reported for, by "
      "{:.1f} s; what is measured follows when it has come out of it",
      static_cast<double>(covering == nullptr ? 0 : covering->end - wall) / kNanosPerSecond);
}

bool WindowClock::Holds() const {
  const Span free = FreeTime(clock_->UnixNanos());
  return free.end <= free.start;
}

std::optional<Window> WindowClock::Next(int64_t longest_duration, bool last) {
  const int64_t owed = OwedNanos();
  const int64_t wall = clock_->UnixNanos();
  if (owed <= 0) return std::nullopt;
  GiveUpWaiting(wall);
  Span free = FreeTime(wall);
  SayWhetherHeld(free.end <= free.start, wall);
  if (free.end <= free.start) return std::nullopt;
  // Written so that no difference can overflow: Floor may be the least number.
  // The time between two runs was not measured: the first window does not reach back into it.
  const int64_t tolerance = first_ ? 0 : kStep;
  if (free.start < free.end - owed - tolerance) free.start = free.end - owed;
  const int64_t all = free.end - free.start;
  const int64_t length = std::min(all, kLongestWindow);
  next_ = {free.start, free.start + length};
  next_measured_ =
      length < all ? static_cast<int64_t>(static_cast<__int128>(owed) * length / all) : owed;
  next_measured_ = std::clamp<int64_t>(next_measured_, 1, LongestMeasured(length, last));
  Window window;
  window.start_unix_nanos = next_.start;
  window.length_nanos = length;
  const double recorded = static_cast<double>(next_measured_) * speed_;
  window.duration_nanos = std::clamp<int64_t>(speed_ == 1 ? next_measured_ : std::llround(recorded),
                                              1, std::max<int64_t>(1, longest_duration));
  return window;
}

int64_t WindowClock::LongestMeasured(int64_t length, bool last) const {
  return last ? durations_.LongestFor(length) : DurationAccount::AllowanceOf(length);
}

void WindowClock::Advance() {
  durations_.Count(next_.end - next_.start, next_measured_);
  measured_until_ += next_measured_;
  run_end_ = next_.end;
  first_ = false;
  Take(next_);
}

void WindowClock::Take(Span span) {
  const auto before = std::find_if(taken_.begin(), taken_.end(),
                                   [&](const Span& other) { return other.end == span.start; });
  if (before != taken_.end()) {
    before->end = span.end;
  } else {
    taken_.push_back(span);
  }
  std::sort(taken_.begin(), taken_.end(),
            [](const Span& a, const Span& b) { return a.start < b.start; });
  if (taken_.size() > kMostSpans) taken_.erase(taken_.begin());
}

}  // namespace fleetmeter::collector
