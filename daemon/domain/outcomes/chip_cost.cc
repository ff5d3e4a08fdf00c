#include "daemon/domain/outcomes/chip_cost.h"

#include <limits>

#include "daemon/base/units.h"

namespace fleetmeter::outcomes {
namespace {

absl::Status TooMuch() {
  return absl::OutOfRangeError("a cost of chip-time is more than 125 bits hold; expected less");
}

}  // namespace

std::string_view Name(CostBasis basis) {
  return basis == CostBasis::kAllocated ? "allocated" : "used";
}

absl::Status ChipCost::Add(absl::int128 chip_nanos,
                           std::optional<int64_t> micro_usd_per_chip_hour) {
  if (chip_nanos == 0) return absl::OkStatus();
  if (!micro_usd_per_chip_hour) {
    known_ = false;
    return absl::OkStatus();
  }
  if (*micro_usd_per_chip_hour == 0) return absl::OkStatus();
  const absl::int128 most = absl::int128(1) << 125;
  if (chip_nanos >= most / *micro_usd_per_chip_hour) return TooMuch();
  return AddParts(chip_nanos * *micro_usd_per_chip_hour);
}

absl::Status ChipCost::Add(const ChipCost& other) {
  known_ = known_ && other.known_;
  return AddParts(other.parts_);
}

absl::Status ChipCost::AddParts(absl::int128 parts) {
  const absl::int128 most = absl::int128(1) << 125;
  if (parts >= most - parts_) return TooMuch();
  parts_ += parts;
  return absl::OkStatus();
}

ChipCost ChipCost::WithParts(absl::int128 parts) const {
  ChipCost share = *this;
  share.parts_ = parts;
  return share;
}

absl::StatusOr<std::optional<int64_t>> ChipCost::MicroUsd() const {
  if (!known_) return std::nullopt;
  const absl::int128 micro_usd = (parts_ + kNanosPerHour / 2) / kNanosPerHour;
  if (micro_usd > std::numeric_limits<int64_t>::max()) {
    return absl::OutOfRangeError("a cost of chip-time is more than 64 bits hold; expected less");
  }
  return static_cast<int64_t>(micro_usd);
}

}  // namespace fleetmeter::outcomes
