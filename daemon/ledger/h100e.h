// Chip-time as H100e-time.
#pragma once

#include "absl/numeric/int128.h"
#include "daemon/domain/fleet/ratio.h"
#include "daemon/ledger/usage_amounts.h"

namespace fleetmeter {

// H100e-nanoseconds of chip-nanoseconds (0 or more), each amount rounded to the nearest.
inline UsageAmounts ToH100e(const UsageAmounts& a, const Ratio& chips_per_h100e) {
  const auto convert = [&](absl::int128 chip_nanos) {
    return (chip_nanos * chips_per_h100e.denominator * 2 + chips_per_h100e.numerator) /
           (absl::int128(chips_per_h100e.numerator) * 2);
  };
  return {.chips = convert(a.chips),
          .busy = convert(a.busy),
          .productive = convert(a.productive),
          .measured = convert(a.measured),
          .productive_measured = convert(a.productive_measured)};
}

}  // namespace fleetmeter
