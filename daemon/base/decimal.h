// Decimal numbers as files have them ("12.50", "3.5e-7", "1.2E2"), turned into whole units by
// decimal arithmetic: no double is in between, so nothing is rounded twice. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fleetmeter {

// Of a unit: what rounding to whole ones leaves is counted in these.
inline constexpr int64_t kPartsPerUnit = 1'000'000'000'000'000'000;

// The nearest whole number of units, halves to the even one, and what that leaves: the number is
// `whole` + `rest` / kPartsPerUnit.
struct Rounded {
  int64_t whole = 0;
  int64_t rest = 0;   // -kPartsPerUnit / 2 to kPartsPerUnit / 2
  bool exact = true;  // `whole` is the number itself

  friend bool operator==(const Rounded&, const Rounded&) = default;
};

// `decimal` x `factor` (1 to 10^13): a sign or none, digits with or without a point, an exponent or
// none. Nothing if it is not of that form, or beyond 64 bits.
std::optional<Rounded> RoundDecimal(std::string_view decimal, int64_t factor);

// The same where it is a whole number.
std::optional<int64_t> WholeDecimal(std::string_view decimal, int64_t factor);

}  // namespace fleetmeter
