#include "daemon/view/chip_price.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {
namespace {

constexpr double kMicroUsdPerUsd = 1e6;

// A mean over amounts that is not known once one of them has no price.
class PriceMean {
 public:
  void Add(double h100e, std::optional<double> usd_per_h100e_hour) {
    if (h100e <= 0) return;
    h100e_ += h100e;
    usd_ += h100e * usd_per_h100e_hour.value_or(0);
    known_ = known_ && usd_per_h100e_hour.has_value();
  }
  bool empty() const { return h100e_ == 0; }
  std::optional<double> Mean() const {
    return known_ && !empty() ? std::optional(usd_ / h100e_) : std::nullopt;
  }

 private:
  double h100e_ = 0;
  double usd_ = 0;
  bool known_ = true;
};

std::optional<double> PriceOf(const SupplyView& row, const Catalog& catalog) {
  const ChipKind* kind = catalog.Find(row.chip);
  if (kind == nullptr || !kind->micro_usd_per_chip_hour) return std::nullopt;
  return static_cast<double>(*kind->micro_usd_per_chip_hour) / kMicroUsdPerUsd *
         row.chips_per_h100e;
}

std::optional<double> PriceOf(const std::string& chip, const std::vector<SupplyView>& supply,
                              const Catalog& catalog) {
  const auto row = std::find_if(supply.begin(), supply.end(),
                                [&](const SupplyView& each) { return each.chip == chip; });
  return row == supply.end() ? std::nullopt : PriceOf(*row, catalog);
}

std::optional<double> FleetPrice(const Snapshot& snapshot, const Catalog& catalog) {
  PriceMean mean;
  for (const SupplyView& row : snapshot.supply) {
    const double chips = static_cast<double>(row.KnownMicroChips()) / kMicroChipsPerChip;
    mean.Add(chips / row.chips_per_h100e, PriceOf(row, catalog));
  }
  return mean.Mean();
}

}  // namespace

void FillChipPrices(const Catalog& catalog, Snapshot& snapshot) {
  const std::optional<double> fleet = FleetPrice(snapshot, catalog);
  for (PoolView& pool : snapshot.pools) {
    PriceMean mean;
    for (const UseView& held : pool.use->uses) {
      mean.Add(held.assigned_h100e, PriceOf(held.chip, snapshot.supply, catalog));
    }
    pool.usd_per_h100e_hour = mean.empty() ? fleet : mean.Mean();
  }
}

}  // namespace fleetmeter
