// What is wrong with text that people write: reasons, notes, names of workloads. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fleetmeter::capacity {

// Nothing but spaces, tabs and line breaks.
bool IsBlank(std::string_view text);

// Of text of several lines, of any script: at most kMostTextBytes of UTF-8, with line breaks and
// tabs, and without other control characters. Nothing: it is as expected.
std::optional<std::string> FaultOfText(std::string_view text);

// Of a label, as usage reports have it: at most kMostLabelBytes, without control characters.
std::optional<std::string> FaultOfLabel(std::string_view text);

}  // namespace fleetmeter::capacity
