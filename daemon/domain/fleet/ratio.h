// An exact fraction, for ratios such as 1/3 chip per H100e that no binary double holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fleetmeter {

struct Ratio {
  int64_t numerator = 1;
  int64_t denominator = 1;

  double AsDouble() const {
    return static_cast<double>(numerator) / static_cast<double>(denominator);
  }
  // "3/2", or "4" when the denominator is 1.
  std::string ToString() const;

  friend bool operator==(const Ratio&, const Ratio&) = default;
};

// Reads "1.5", "4", "1/3", "0.6564": positive, at most 9 digits on each side of a point or slash.
// The result is in lowest terms. InvalidArgument says what was expected.
absl::StatusOr<Ratio> ParseRatio(std::string_view text);

}  // namespace fleetmeter
