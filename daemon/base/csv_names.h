// Names of columns and wrong values, as messages about CSV files show and compare them. Pure.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "daemon/base/text.h"

namespace fleetmeter {

inline constexpr size_t kShownBytes = 60;  // of a wrong value in a message

inline std::string Shown(std::string_view value) {
  return value.size() <= kShownBytes ? std::string(value)
                                     : std::string(value.substr(0, kShownBytes)) + "...";
}

// The name of a column, in quotes and fit for a terminal whatever its encoding.
inline std::string ColumnText(std::string_view name) {
  return FindInvalidUtf8(name) ? AsciiQuoted(name, kShownBytes)
                               : fmt::format("\"{}\"", Shown(name));
}

// Of letters of ASCII.
inline bool EqualButCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace fleetmeter
