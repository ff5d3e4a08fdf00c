// The two clocks the daemon lives by, injected so that tests turn them by hand.
#pragma once

#include <chrono>
#include <cstdint>

#include "daemon/base/units.h"

namespace fleetmeter {

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall clock, nanoseconds since the Unix epoch. May jump.
  virtual int64_t UnixNanos() const = 0;
  // Never set, never runs backwards; origin unspecified.
  virtual int64_t MonotonicNanos() const = 0;
};

class SystemClock final : public Clock {
 public:
  int64_t UnixNanos() const override {
    return Nanos(std::chrono::system_clock::now().time_since_epoch());
  }
  int64_t MonotonicNanos() const override {
    return Nanos(std::chrono::steady_clock::now().time_since_epoch());
  }

 private:
  template <class Duration>
  static int64_t Nanos(Duration d) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(d).count();
  }
};

}  // namespace fleetmeter
