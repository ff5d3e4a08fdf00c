// How long the exporter waits after an export. Pure, but for chance.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "daemon/base/units.h"
#include "daemon/serve/otlp/otlp_probe.h"

namespace fleetmeter {

class OtlpPause {
 public:
  // After the first of several failures.
  static constexpr int64_t kFirstNanos = kSecond;
  // After many of them; or the interval, if that is longer.
  static constexpr int64_t kMostNanos = kMinute;
  // However long a receiver asks to be left alone.
  static constexpr int64_t kMostAskedNanos = kHour;

  OtlpPause(int64_t interval_nanos, uint64_t seed) : interval_(interval_nanos), random_(seed) {}

  // Until the next export, in nanoseconds: from the beginning of one that came through, and from
  // the end of one that failed. `asked`: what the receiver asked for. Failures one after the other
  // wait twice as long each, give or take a quarter, so that many daemons do not come back to a
  // receiver at the same moment.
  int64_t After(OtlpResult result, std::optional<int64_t> asked_nanos);

 private:
  const int64_t interval_;
  int64_t next_ = kFirstNanos;  // after the next failure
  std::mt19937_64 random_;
};

}  // namespace fleetmeter
