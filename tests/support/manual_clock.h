// A clock that stands still until a test moves it. Thread-safe: parts with threads read it.
#pragma once

#include <atomic>
#include <cstdint>

#include "daemon/base/clock.h"

namespace fleetmeter {

// Where tests begin: 2025-06-15 15:06:40 UTC.
inline constexpr int64_t kStart = 1'750'000'000 * kNanosPerSecond;

class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t unix_nanos_now = kStart,
                       int64_t monotonic_nanos_now = 5 * kNanosPerSecond)
      : unix_nanos(unix_nanos_now), monotonic_nanos(monotonic_nanos_now) {}

  int64_t UnixNanos() const override { return unix_nanos; }
  int64_t MonotonicNanos() const override { return monotonic_nanos; }

  // Time goes by on both.
  void Pass(int64_t nanos) {
    unix_nanos += nanos;
    monotonic_nanos += nanos;
  }

  // To set one of them alone.
  std::atomic<int64_t> unix_nanos;
  std::atomic<int64_t> monotonic_nanos;
};

}  // namespace fleetmeter
