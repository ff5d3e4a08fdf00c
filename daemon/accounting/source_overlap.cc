#include "daemon/accounting/source_overlap.h"

#include <algorithm>

namespace fleetmeter {

void OverlapFinder::Look(const std::string& source, const WindowSet& windows) {
  if (source == question_.source || windows.empty()) return;
  const TimeSpan& counted = windows.counted();
  TimeSpan shared{counted.end_unix_nanos, counted.start_unix_nanos};
  int64_t nanos = 0;
  for (const TimeSpan& span : question_.spans) {
    if (!windows.Overlaps(span)) continue;
    const int64_t from = std::max(span.start_unix_nanos, counted.start_unix_nanos);
    const int64_t to = std::min(span.end_unix_nanos, counted.end_unix_nanos);
    shared.start_unix_nanos = std::min(shared.start_unix_nanos, from);
    shared.end_unix_nanos = std::max(shared.end_unix_nanos, to);
    nanos += to - from;
  }
  if (nanos == 0) return;
  const size_t sources = found_ ? found_->sources + 1 : 1;
  if (nanos > most_nanos_) found_ = SourceOverlap{source, shared, 0};
  most_nanos_ = std::max(most_nanos_, nanos);
  found_->sources = sources;
}

}  // namespace fleetmeter
