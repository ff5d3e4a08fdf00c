// Which segments have series of their own. Counters must not move from one series to another, so
// what is decided once stays so; and since totals come in the order in which the books first saw
// their segments, over restarts too.
//
// Owned by the App. Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/mutex.h"
#include "daemon/domain/outcomes/margin.h"
#include "daemon/ledger/outcome_books.h"

namespace fleetmeter {

// By which name segments without series of their own are told together.
inline constexpr char kOverflowSegment[] = "overflow";

class SegmentSeries {
 public:
  struct Counts {
    size_t own = 0;
    size_t merged = 0;
  };

  // Decides about the segments that are new, in their order: the first `most` get series of their
  // own. The others share the customer tier "overflow" of their model;
  // beyond `most` models that do, the model "overflow" too.
  void Decide(const std::vector<SegmentTotal>& totals, size_t most);

  // By what names the segments that were decided about are told.
  std::map<outcomes::Segment, outcomes::Segment> Names() const;
  Counts counts() const;

 private:
  mutable Mutex mutex_;
  std::map<outcomes::Segment, outcomes::Segment> names_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> overflowing_models_ ABSL_GUARDED_BY(mutex_);
  size_t own_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fleetmeter
