// What idle chips cost at the prices of the catalog in force. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/numeric/int128.h"
#include "daemon/accounting/cell.h"

namespace fleetmeter {

// Exact: each chip counts by its kind.
struct IdleCost {
  absl::int128 pico_usd_per_hour = 0;  // micro-chips x micro-dollars
  absl::int128 unpriced_micro_chips = 0;
  absl::int128 sampled_micro_chips = 0;  // chips with a reading of their own, idle or not

  // Adds chips of one kind; without a price, what they cost is not known.
  void Add(const LiveSums& live, std::optional<int64_t> micro_usd_per_hour) {
    sampled_micro_chips += live.sampled;
    if (micro_usd_per_hour) {
      pico_usd_per_hour += live.idle * *micro_usd_per_hour;
    } else {
      unpriced_micro_chips += live.idle;
    }
  }
  void Add(const IdleCost& part) {
    pico_usd_per_hour += part.pico_usd_per_hour;
    unpriced_micro_chips += part.unpriced_micro_chips;
    sampled_micro_chips += part.sampled_micro_chips;
  }

  // US dollars; nothing where no chip has a reading of its own, or an idle one has no price.
  std::optional<double> UsdPerDay() const {
    constexpr double kHours = 24;
    constexpr double kPicoUsdOfUsd = 1e12;
    if (sampled_micro_chips == 0 || unpriced_micro_chips > 0) return std::nullopt;
    return static_cast<double>(pico_usd_per_hour) * kHours / kPicoUsdOfUsd;
  }
};

}  // namespace fleetmeter
