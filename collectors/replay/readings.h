// Samples of an activity as exporters give them: now and then one is far beyond what it can be, or
// a little above 1 by rounding. Neither is a reason to lose the rest of a recording.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "collectors/device/readings.h"

namespace fleetmeter::collector {

// "0.5" of `full`, or "70.7%" of it, as a share; NaN: it is not measured. Nothing: `text` is no
// number at all.
std::optional<double> ParseReading(std::string_view text, double full, ReadingCounts* counts);

// The same separated by ';'.
std::optional<std::vector<double>> ParseReadings(std::string_view text, ReadingCounts* counts);

// A warning, if there are any.
void WarnOf(const ReadingCounts& counts, std::string_view file);

}  // namespace fleetmeter::collector
