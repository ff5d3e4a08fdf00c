// Has another source booked the same time? Two exports of one history under two names would count
// twice, which no window of either source can tell. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/report/outcome_report.h"
#include "daemon/domain/report/window_set.h"

namespace fleetmeter {

struct OverlapQuestion {
  std::optional<OutcomeKind> kind;  // nothing: usage
  std::string source;               // that asks; it is no other
  std::vector<TimeSpan> spans;      // that it would report
};

struct SourceOverlap {
  std::string source;  // with which most of the time is shared
  TimeSpan span;       // from the first shared moment to the last
  size_t sources = 0;  // that share some of it
};

// Lives for one question.
class OverlapFinder {
 public:
  // `question` outlives it.
  explicit OverlapFinder(const OverlapQuestion& question) : question_(question) {}

  void Look(const std::string& source, const WindowSet& windows);
  // Of all that were looked at; nothing: none shares any of the time.
  const std::optional<SourceOverlap>& found() const { return found_; }

 private:
  const OverlapQuestion& question_;
  int64_t most_nanos_ = 0;
  std::optional<SourceOverlap> found_;
};

}  // namespace fleetmeter
