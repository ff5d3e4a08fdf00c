#include "daemon/serve/metrics/segment_series.h"

namespace fleetmeter {
namespace {}  // namespace

void SegmentSeries::Decide(const std::vector<SegmentTotal>& totals, size_t most) {
  MutexLock lock(mutex_);
  for (const SegmentTotal& total : totals) {
    const outcomes::Segment segment = {total.model, total.customer_tier};
    if (names_.contains(segment)) continue;
    if (own_ < most) {
      ++own_;
      names_[segment] = segment;
      continue;
    }
    if (overflowing_models_.size() < most) overflowing_models_.insert(total.model);
    names_[segment] = {overflowing_models_.contains(total.model) ? total.model : kOverflowSegment,
                       kOverflowSegment};
  }
}

std::map<outcomes::Segment, outcomes::Segment> SegmentSeries::Names() const {
  MutexLock lock(mutex_);
  return names_;
}

SegmentSeries::Counts SegmentSeries::counts() const {
  MutexLock lock(mutex_);
  return {.own = own_, .merged = names_.size() - own_};
}

}  // namespace fleetmeter
