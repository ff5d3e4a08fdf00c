#include "daemon/domain/fleet/catalog.h"

#include <algorithm>
#include <utility>

namespace fleetmeter {

const Conversion& ChipKind::ConversionAt(int64_t unix_nanos) const {
  const auto later = std::upper_bound(conversions.begin(), conversions.end(), unix_nanos,
                                      [](int64_t time, const Conversion& conversion) {
                                        return time < conversion.effective_from_unix_nanos;
                                      });
  return later == conversions.begin() ? conversions.front() : *(later - 1);
}

const Ratio& Conversion::For(std::string_view workload_type) const {
  const auto found = by_workload_type.find(workload_type);
  return found == by_workload_type.end() ? chips_per_h100e : found->second;
}

Catalog::Catalog(uint32_t version, std::vector<ChipKind> kinds)
    : version_(version), kinds_(std::move(kinds)) {
  for (size_t i = 0; i < kinds_.size(); ++i) index_.emplace(kinds_[i].name, i);
}

const ChipKind* Catalog::Find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &kinds_[found->second];
}

double H100e(double chips, const Ratio& chips_per_h100e) {
  // Multiplied before dividing: one rounding, and none at all where the result is a whole number.
  return chips * static_cast<double>(chips_per_h100e.denominator) /
         static_cast<double>(chips_per_h100e.numerator);
}

}  // namespace fleetmeter
