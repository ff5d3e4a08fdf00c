#include "daemon/domain/report/usage_report.h"

#include "absl/numeric/int128.h"

namespace fleetmeter {

std::string_view Name(ChipState state) {
  switch (state) {
    case ChipState::kAssigned:
      return "assigned";
    case ChipState::kUnassigned:
      return "unassigned";
    case ChipState::kUnhealthy:
      return "unhealthy";
    case ChipState::kReserved:
      return "reserved";
  }
  return "invalid";
}

int64_t MeanMicroChips(int64_t chip_nanos, int64_t duration_nanos) {
  const absl::int128 scaled =
      absl::int128(chip_nanos) * kMicroChipsPerChip + absl::int128(duration_nanos) / 2;
  return static_cast<int64_t>(scaled / duration_nanos);
}

}  // namespace fleetmeter
