// What the name of a family says of its unit.
#pragma once

#include <string_view>

#include "daemon/serve/metrics/metric.h"

namespace fleetmeter {

// Without the "_total" of a counter: what OpenMetrics calls the family, whose series end so.
std::string_view FamilyName(const Metric& metric);

// The unit that the name of a family ends with, "h100e_seconds"; empty: it has none. What counts
// things, such as requests, has none: they are no unit that values could be converted from.
std::string_view UnitOf(const Metric& metric);

// The same by the Unified Code for Units of Measure (UCUM), as OTLP has units: "{H100e}.s". Where
// the unit is no physical one it is in braces, which UCUM reads as a remark about the number 1.
std::string_view UcumUnitOf(const Metric& metric);

}  // namespace fleetmeter
