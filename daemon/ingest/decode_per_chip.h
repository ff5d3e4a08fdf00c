// The per-chip half of DecodeReport: packed columns to integers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/domain/report/usage_report.h"
#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter {

// What the groups of a report have used of each device so far, by its index.
struct DeviceShare {
  uint32_t ppm = 0;
  uint32_t slices = 0;
};
using DeviceShares = std::vector<DeviceShare>;

// Ratios may be outside 0 to 1, by rounding, by so much.
inline constexpr double kRatioTolerance = 1e-6;

// Fills chip times and samples of a group whose state and signal are known. A rejection names its
// field as the group sees it: "per_chip.activity[3]".
//
// One odd reading does not cost the others: a ratio outside 0 to 1 by at most kRatioTolerance is
// clamped, and so are slices of a device that add up to at most a millionth of a chip too much for
// each of them. A device whose ratio is farther out, or whose share is more than a chip, goes to
// `unmeasured`, a group like `group` that is held and not measured. Where that is so of all
// devices, and there are several, the ratios are likely of another unit, such as percent, and the
// report is rejected. `odd` counts both.
std::optional<Rejection> DecodePerChip(const v1::PerChip& chips, int64_t duration_nanos,
                                       DeviceShares& devices, UsageGroup& group,
                                       std::optional<UsageGroup>& unmeasured, OddReadings& odd);

}  // namespace fleetmeter
