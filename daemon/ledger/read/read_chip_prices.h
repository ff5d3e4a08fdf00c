// What a chip-hour cost by each version of the catalog, as the ledger recorded it. `ledger` may be
// a connection that only reads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

struct ChipPrice {
  std::string provider;
  // Nothing: the catalog named no price, or one version was recorded with several.
  std::optional<int64_t> micro_usd_per_chip_hour;
};

// By version of the catalog and kind of chip.
using ChipPrices = std::map<std::pair<int64_t, std::string>, ChipPrice>;
absl::StatusOr<ChipPrices> ReadChipPrices(Database& ledger);

}  // namespace fleetmeter
