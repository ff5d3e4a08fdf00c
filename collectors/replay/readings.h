// Samples of an activity as exporters give them: now and then one is far beyond what it can be, or
// a little above 1 by rounding. Neither is a reason to lose the rest of a recording.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace fleetmeter::collector {

// What is at most so far outside 0 to 1 is the nearer of the two, rounded by its exporter. It is
// what the daemon allows too.
inline constexpr double kReadingTolerance = 1e-6;

// Of one recording.
struct ReadingCounts {
  int64_t clamped = 0;     // within the tolerance
  int64_t unmeasured = 0;  // beyond it, or not a number (NaN)
};

// "0.5" of `full`, or "70.7%" of it, as a share; NaN: it is not measured. Nothing: `text` is no
// number at all.
std::optional<double> ParseReading(std::string_view text, double full, ReadingCounts* counts);

// The same separated by ';'.
std::optional<std::vector<double>> ParseReadings(std::string_view text, ReadingCounts* counts);

// A warning, if there are any.
void WarnOf(const ReadingCounts& counts, std::string_view file);

}  // namespace fleetmeter::collector
