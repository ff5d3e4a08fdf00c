// Chips that a source once listed and does not list any more. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/accounting/cell.h"

namespace fleetmeter {

// Some chips of a cell, by its index.
struct HeldChips {
  uint32_t cell = 0;
  int64_t micro_chips = 0;

  friend bool operator==(const HeldChips&, const HeldChips&) = default;
};

// What `before` says and `now` does not account for, where `before` says it. A source speaks for
// all of its chips, so that those missing of a kind were left out without a word. Chips that a
// workload held count as missing before those that were free. What is lost by rounding does not
// count. `cells` has all cells that are named.
std::vector<HeldChips> UnlistedChips(std::vector<HeldChips> before,
                                     const std::vector<HeldChips>& now,
                                     const std::vector<Cell>& cells);

}  // namespace fleetmeter
