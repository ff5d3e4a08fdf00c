// How much each identity may send: a token bucket for reports and one for bytes.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"

namespace fleetmeter {

// What a bucket gains in a second, and the most that it holds. A batch as large as the protocol
// allows must fit into a full bucket, or it could never be sent. As it is: no limit.
struct RateLimits {
  double reports_per_second = 0;
  double burst_reports = std::numeric_limits<double>::infinity();
  double bytes_per_second = 0;
  double burst_bytes = std::numeric_limits<double>::infinity();
};

class RateLimiter {
 public:
  // `clock` outlives the limiter.
  RateLimiter(RateLimits limits, const Clock& clock) : limits_(limits), clock_(clock) {}

  // 0: it may, and what it sends is taken from its buckets. Else nothing is taken, and this is in
  // how many milliseconds both will hold enough, if it sends nothing else until then. What is more
  // than a full bucket holds takes all of it.
  uint32_t TryTake(const std::string& identity, size_t reports, size_t bytes);

  // Identities that are remembered: those whose buckets are not full, and some more.
  size_t size() const;

 private:
  struct Buckets {
    double reports = 0;
    double bytes = 0;
    int64_t at_monotonic = 0;
  };
  void Refill(Buckets& buckets, int64_t now) const;
  // A full bucket says no more than none.
  void ForgetFull(int64_t now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RateLimits limits_;
  const Clock& clock_;
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, Buckets> buckets_ ABSL_GUARDED_BY(mutex_);
  size_t look_again_at_ ABSL_GUARDED_BY(mutex_) = 1'024;
};

}  // namespace fleetmeter
