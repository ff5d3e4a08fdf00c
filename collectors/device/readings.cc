#include "collectors/device/readings.h"

#include <algorithm>
#include <cmath>

namespace fleetmeter::collector {

ReadingCounts& ReadingCounts::operator+=(const ReadingCounts& other) {
  clamped += other.clamped;
  unmeasured += other.unmeasured;
  return *this;
}

std::optional<double> TakeReading(double share, ReadingCounts* counts, double tolerance) {
  // A comparison with NaN is false.
  const bool plausible = share >= -tolerance && share <= 1 + tolerance;
  if (!plausible) {
    ++counts->unmeasured;
    return std::nullopt;
  }
  if (share < 0 || share > 1) ++counts->clamped;
  return std::clamp(share, 0.0, 1.0);
}

std::optional<Micro> TakeMicro(double value, double full, ReadingCounts* counts, double tolerance) {
  const std::optional<double> share = TakeReading(value / full, counts, tolerance);
  if (!share) return std::nullopt;
  return static_cast<Micro>(std::llround(*share * static_cast<double>(kOne)));
}

}  // namespace fleetmeter::collector
