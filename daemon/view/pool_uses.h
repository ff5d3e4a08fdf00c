// Cells of the live state folded into pools: what snapshot.cc begins with. Pure.
#pragma once

#include <map>
#include <string>

#include "absl/numeric/int128.h"
#include "daemon/accounting/fleet_state.h"
#include "daemon/domain/fleet/catalog.h"
#include "daemon/view/snapshot.h"

namespace fleetmeter {

inline double ChipsFromMicro(absl::int128 micro_chips) {
  return static_cast<double>(micro_chips) / kMicroChipsPerChip;
}

// Every pool that a cell names, by name. `catalog` gives the prices of idle chips.
std::map<std::string, PoolUse> UsesByPool(const FleetFacts& facts, const Catalog& catalog);

}  // namespace fleetmeter
