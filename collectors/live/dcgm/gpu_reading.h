// From what a page says of a GPU to the reading of a chip. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collectors/device/device_reading.h"
#include "collectors/live/dcgm/gpu_record.h"

namespace fleetmeter::collector::dcgm {

struct ReadingRules {
  // XIDs after which a GPU is of no use until it is reset or replaced.
  std::set<int64_t> broken_xids;
  // What DCGM_FI_DEV_GPU_UTIL_RATIO goes up to, 1 or 100. Nothing: unknown, and only 0 says the
  // same in both.
  std::optional<double> full_gpu_util_ratio;
  // Whether no holder means that nobody holds the chip.
  Holders knows_holders = Holders::kUnknown;
};

// Counts odd values, and says in `remarks` what could not be told.
DeviceReading MakeReading(const GpuRecord& gpu, const ReadingRules& rules, ReadingCounts& counts,
                          std::vector<std::string>& remarks);

// Makes one chip of two readings of one UUID that name different places: what differs between them
// is not measured.
void MergeReading(DeviceReading& first, const DeviceReading& second);

}  // namespace fleetmeter::collector::dcgm
