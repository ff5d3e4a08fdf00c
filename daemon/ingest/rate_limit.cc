#include "daemon/ingest/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace fleetmeter {
namespace {

// Seconds until `held` has become `wanted`.
double SecondsUntil(double held, double wanted, double per_second) {
  return held >= wanted ? 0 : (wanted - held) / per_second;
}

}  // namespace

void RateLimiter::Refill(Buckets& buckets, int64_t now) const {
  const double seconds = static_cast<double>(now - buckets.at_monotonic) / kNanosPerSecond;
  buckets.reports =
      std::min(limits_.burst_reports, buckets.reports + seconds * limits_.reports_per_second);
  buckets.bytes = std::min(limits_.burst_bytes, buckets.bytes + seconds * limits_.bytes_per_second);
  buckets.at_monotonic = now;
}

uint32_t RateLimiter::TryTake(const std::string& identity, size_t reports, size_t bytes) {
  const double wanted_reports = std::min(static_cast<double>(reports), limits_.burst_reports);
  const double wanted_bytes = std::min(static_cast<double>(bytes), limits_.burst_bytes);
  MutexLock lock(mutex_);
  const int64_t now = clock_.MonotonicNanos();
  if (buckets_.size() >= look_again_at_) ForgetFull(now);
  Buckets& buckets =
      buckets_.try_emplace(identity, Buckets{limits_.burst_reports, limits_.burst_bytes, now})
          .first->second;
  Refill(buckets, now);
  const double wait =
      std::max(SecondsUntil(buckets.reports, wanted_reports, limits_.reports_per_second),
               SecondsUntil(buckets.bytes, wanted_bytes, limits_.bytes_per_second));
  if (wait == 0) {
    buckets.reports -= wanted_reports;
    buckets.bytes -= wanted_bytes;
    return 0;
  }
  constexpr double kLongestMillis = 3'600'000;
  return static_cast<uint32_t>(std::clamp(std::ceil(wait * 1'000), 1.0, kLongestMillis));
}

void RateLimiter::ForgetFull(int64_t now) {
  absl::erase_if(buckets_, [&](auto& entry) {
    Refill(entry.second, now);
    return entry.second.reports >= limits_.burst_reports &&
           entry.second.bytes >= limits_.burst_bytes;
  });
  // Looking through all of them costs as much as so many calls, each time.
  look_again_at_ = std::max<size_t>(1'024, 2 * buckets_.size());
}

size_t RateLimiter::size() const {
  MutexLock lock(mutex_);
  return buckets_.size();
}

}  // namespace fleetmeter
