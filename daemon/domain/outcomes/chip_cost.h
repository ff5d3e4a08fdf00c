// What chip-time cost, summed exactly over prices. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"

namespace fleetmeter::outcomes {

// Which chip-time a model's cost is made of. Never mixed.
enum class CostBasis {
  kAllocated,  // all chip-time assigned to what serves it
  kUsed,       // the busy part of it; what nobody measured counts in full, since silence is not
               // idleness
};
inline constexpr std::array kCostBases = {CostBasis::kAllocated, CostBasis::kUsed};
// "allocated", "used".
std::string_view Name(CostBasis basis);

// A sum of chip-nanoseconds x micro-USD per chip-hour. It becomes micro-USD once, when it is told.
class ChipCost {
 public:
  // Without a price the cost is not known from then on, unless there is no chip-time. `chip_nanos`
  // is at least 0. OutOfRange if the sum leaves 125 bits.
  absl::Status Add(absl::int128 chip_nanos, std::optional<int64_t> micro_usd_per_chip_hour);
  absl::Status Add(const ChipCost& other);

  bool known() const { return known_; }
  // In parts of a micro-USD, 3.6 x 10^12 of them; only of what had a price.
  absl::int128 parts() const { return parts_; }
  // A share of it, such as ApportionWide gives.
  ChipCost WithParts(absl::int128 parts) const;

  // To the nearest micro-USD, halves up. Nothing: not known. OutOfRange if it leaves 64 bits.
  absl::StatusOr<std::optional<int64_t>> MicroUsd() const;

 private:
  absl::Status AddParts(absl::int128 parts);

  absl::int128 parts_ = 0;
  bool known_ = true;
};

}  // namespace fleetmeter::outcomes
