// The answer of ListPools for whoever sees all pools, as JSON: made once for all who ask for it
// between two changes, since 5,000 pools are some megabytes.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/base/mutex.h"
#include "daemon/serve/query/query_service.h"

namespace fleetmeter {

class PoolsFeed {
 public:
  explicit PoolsFeed(QueryService& query) : query_(query) {}

  struct Page {
    std::string json;
    std::string gzipped;
    uint64_t change = 0;  // the same number: nothing has happened but that time went on
  };
  // The present one.
  std::shared_ptr<const Page> Take();

 private:
  QueryService& query_;
  Mutex mutex_;  // held while a page is made: who asks meanwhile waits for it
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string substance_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Page> page_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter
