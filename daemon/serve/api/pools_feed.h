// The answer of ListPools for whoever sees all pools, as JSON: made once for all who ask for it
// between two changes, since 5,000 pools are some megabytes.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"
#include "daemon/serve/query/query_service.h"

namespace fleetmeter {

class PoolsFeed {
 public:
  // Both outlive it. `brief`: as of ListPoolsRequest.
  PoolsFeed(QueryService& query, bool brief, const Clock& clock)
      : query_(query), brief_(brief), clock_(clock) {}

  class Page {
   public:
    Page(std::string json, uint64_t change) : json_(std::move(json)), change_(change) {}
    const std::string& json() const { return json_; }
    // The same number: nothing has happened but that time went on.
    uint64_t change() const { return change_; }
    // Streams do not need it: so it is made when it is asked for first.
    std::string Gzipped() const;

   private:
    const std::string json_;
    const uint64_t change_;
    mutable Mutex mutex_;
    mutable std::string gzipped_ ABSL_GUARDED_BY(mutex_);
  };

  // The present one.
  std::shared_ptr<const Page> Take();
  // For streams: the present one, or one of a moment ago. However many streams there are, and
  // however large a page is, making pages for them takes at most a tenth of one core.
  std::shared_ptr<const Page> TakeAtLeisure();

 private:
  static constexpr int64_t kRestFactor = 10;

  std::shared_ptr<const Page> TakeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Make() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  QueryService& query_;
  const bool brief_;
  const Clock& clock_;
  Mutex mutex_;  // held while a page is made: who asks meanwhile waits for it
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string substance_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Page> page_ ABSL_GUARDED_BY(mutex_);
  int64_t rests_until_monotonic_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fleetmeter
