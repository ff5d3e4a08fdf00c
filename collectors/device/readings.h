// Ratios as exporters give them: now and then one is far beyond what it can be, or a little above 1
// by rounding. Neither is a reason to lose the other chips of a host. Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace fleetmeter::collector {

// What is at most so far outside 0 to 1 is the nearer of the two, rounded by its exporter. It is
// what the daemon allows too.
inline constexpr double kReadingTolerance = 1e-6;

// Parts of one, in millionths: exact, so that sums do not depend on their order.
using Micro = int64_t;
inline constexpr Micro kOne = 1'000'000;

// Of one recording, or of one observation.
struct ReadingCounts {
  int64_t clamped = 0;     // within the tolerance
  int64_t unmeasured = 0;  // beyond it, or not a number (NaN)

  ReadingCounts& operator+=(const ReadingCounts& other);
};

// `share` if it is from 0 to 1, or the nearer end if it is outside by at most `tolerance`. Nothing
// beyond that, and for NaN and infinities: the chip is not measured. Counts the last two cases.
std::optional<double> TakeReading(double share, ReadingCounts* counts,
                                  double tolerance = kReadingTolerance);

// `value` of `full` (1 for ratios, 100 for percent), in millionths, rounded to the nearest.
// `tolerance` is of `full`: 0.5 for a signal that is known to go up to 1.5 times what is possible.
std::optional<Micro> TakeMicro(double value, double full, ReadingCounts* counts,
                               double tolerance = kReadingTolerance);

}  // namespace fleetmeter::collector
