#include "daemon/ledger/read/read_chip_prices.h"

#include "daemon/ledger/read/read_rows.h"

namespace fleetmeter {

absl::StatusOr<ChipPrices> ReadChipPrices(Database& ledger) {
  ChipPrices prices;
  const absl::Status status = ReadRows(
      ledger,
      "SELECT DISTINCT catalog_version, chip, provider, micro_usd_per_chip_hour "
      "FROM catalog_ratios JOIN catalog_versions USING (catalog_record) ORDER BY catalog_record",
      [&](const Statement& row) {
        ChipPrice price{.provider = row.Text(2), .micro_usd_per_chip_hour = {}};
        if (!row.IsNull(3)) price.micro_usd_per_chip_hour = row.Integer(3);
        const auto [at, is_new] = prices.try_emplace({row.Integer(0), row.Text(1)}, price);
        if (!is_new && at->second.micro_usd_per_chip_hour != price.micro_usd_per_chip_hour) {
          at->second.micro_usd_per_chip_hour = std::nullopt;
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return prices;
}

}  // namespace fleetmeter
