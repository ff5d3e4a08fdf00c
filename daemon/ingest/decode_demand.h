// What waits for chips, from the wire: structure and ranges. Pure.
#pragma once

#include <optional>
#include <vector>

#include "daemon/domain/report/demand.h"
#include "daemon/domain/report/usage_report.h"
#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter {

inline constexpr int kMaxDemandsPerReport = 16;
inline constexpr int kMaxDemandEntries = 4'096;  // pools, or waiting, of one scheduler

// Appends to `demand` what `wire` tells, or says why it is wrong.
std::optional<Rejection> DecodeDemand(const v1::UsageReport& wire, std::vector<Demand>& demand);

}  // namespace fleetmeter
