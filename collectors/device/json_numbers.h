// Numbers that programs print and JSON does not have. Pure.
#pragma once

#include <string>
#include <string_view>

namespace fleetmeter::collector {

// The same text with null for NaN and Infinity, with or without a sign, outside of strings: what is
// no number was not measured.
std::string NanAsNull(std::string_view text);

}  // namespace fleetmeter::collector
