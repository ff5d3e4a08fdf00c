// What chips are worth in H100e, and their hours.
#include <algorithm>

#include "absl/numeric/int128.h"
#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/capacity/check_form.h"

namespace fleetmeter::capacity {

Worth WorthOf(const Catalog& catalog, const std::string& chip, int64_t chips,
              const std::string& workload_type, int64_t unix_seconds) {
  Worth worth = {.micro_h100e = 0, .catalog_version = catalog.version()};
  const ChipKind* kind = catalog.Find(chip);
  if (kind == nullptr) return worth;
  const Ratio& ratio = kind->ConversionAt(UnixNanos(unix_seconds)).For(workload_type);
  // Beyond kMostChips the form is refused, and the product would have no room.
  const int64_t counted = std::clamp<int64_t>(chips, 0, kMostChips);
  const absl::int128 micro_chips = absl::int128(counted) * 1'000'000;
  worth.micro_h100e = Saturated((micro_chips * ratio.denominator * 2 + ratio.numerator) /
                                (absl::int128(ratio.numerator) * 2));
  return worth;
}

int64_t MicroH100eHours(const Worth& worth, int64_t hours) {
  return Saturated(absl::int128(worth.micro_h100e) * hours);
}

}  // namespace fleetmeter::capacity
