// The per-chip half of DecodeReport: packed columns to integers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/domain/report/usage_report.h"
#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter {

// Parts per million of each device that the groups of a report have used so far, by device index.
using DeviceShares = std::vector<uint32_t>;

// Fills chip times and samples of a group whose state and signal are known. A rejection names its
// field as the group sees it: "per_chip.activity[3]".
std::optional<Rejection> DecodePerChip(const v1::PerChip& chips, int64_t duration_nanos,
                                       DeviceShares& devices, UsageGroup& group);

}  // namespace fleetmeter
