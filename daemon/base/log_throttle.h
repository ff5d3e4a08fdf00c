// Lets a line of the log through a few times, and then once in a while: for lines that a peer can
// cause as often as it likes. Thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"

namespace fleetmeter {

class LogThrottle {
 public:
  // Lines at once, and the time after which there is one more.
  static constexpr int64_t kBurst = 10;
  static constexpr int64_t kRefillNanos = 10 * kNanosPerSecond;

  // How many were left out before this line; nothing: leave it out as well.
  std::optional<uint64_t> Take(int64_t now_monotonic) {
    MutexLock lock(mutex_);
    const int64_t more = (now_monotonic - refilled_at_monotonic_) / kRefillNanos;
    if (more > 0) {
      lines_ = std::min(kBurst, lines_ + more);
      refilled_at_monotonic_ += more * kRefillNanos;
    }
    if (lines_ == 0) {
      ++left_out_;
      return std::nullopt;
    }
    --lines_;
    return std::exchange(left_out_, 0);
  }

 private:
  Mutex mutex_;
  int64_t lines_ ABSL_GUARDED_BY(mutex_) = kBurst;
  int64_t refilled_at_monotonic_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fleetmeter
