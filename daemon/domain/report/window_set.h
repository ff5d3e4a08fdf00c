// Which time of a source has been counted: all from the first window to the end of the latest,
// less the gaps that nothing was counted for.
//
// A window is admitted when it lies after the end, before the beginning, or within one gap, so late
// usage finds its place and no moment is counted twice. Plain value; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace fleetmeter {

struct TimeSpan {  // half-open
  int64_t start_unix_nanos = 0;
  int64_t end_unix_nanos = 0;
  friend bool operator==(const TimeSpan&, const TimeSpan&) = default;
};

// Gaps in which nothing can be counted any more, for want of room to remember them.
struct ClosedGaps {
  int64_t gaps = 0;
  int64_t nanos = 0;
  friend bool operator==(const ClosedGaps&, const ClosedGaps&) = default;
};

class WindowSet {
 public:
  // Beyond this many gaps the oldest is closed: nothing can be counted in it any more. A source
  // that told only every second minute of a day has 720, and one that leaves out every weekend has
  // 1,000 in 19 years.
  static constexpr size_t kMaxGaps = 1'000;

  WindowSet() = default;
  // As it was stored: `gaps` ascending, apart, within `counted`.
  WindowSet(TimeSpan counted, std::vector<TimeSpan> gaps)
      : counted_(counted), gaps_(std::move(gaps)) {}

  bool empty() const { return counted_ == TimeSpan{}; }
  // From the first counted moment to the last.
  const TimeSpan& counted() const { return counted_; }
  const std::vector<TimeSpan>& gaps() const { return gaps_; }

  // Whether some of the window was counted before.
  bool Overlaps(TimeSpan window) const;
  // Whether all of the window was counted before. A gap that was closed (kMaxGaps) passes for
  // counted.
  bool Covers(TimeSpan window) const;
  // What was counted, without the gaps; ascending.
  std::vector<TimeSpan> Spans() const;
  // The end of the latest time before `unix_nanos` that was counted: normally the end of all, and
  // less where some lies ahead of it. The beginning of all if nothing was counted before.
  int64_t CountedBefore(int64_t unix_nanos) const;
  // `window` must not overlap. Tells which gaps had to be closed (kMaxGaps).
  ClosedGaps Add(TimeSpan window);
  // The gap that Add(window) would close because there would be too many (kMaxGaps).
  std::optional<TimeSpan> ClosedBy(TimeSpan window) const;

  // Counts what either of them has. What they both have counts once.
  void Merge(const WindowSet& other);

  friend bool operator==(const WindowSet&, const WindowSet&) = default;

 private:
  // Add, however many gaps there are then.
  void Insert(TimeSpan window);
  ClosedGaps CloseOldest();

  TimeSpan counted_;
  std::vector<TimeSpan> gaps_;
};

}  // namespace fleetmeter
