// Which series of dcgm-exporter the source reads, by their old and new names, and the values by
// which DCGM says that there is none. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace fleetmeter::collector::dcgm {

enum class Family {
  kGrEngine,      // part of the time in which the graphics or compute engine is busy, 0 to 1
  kTensor,        // part of the cycles in which a tensor pipe is active, 0 to 1
  kGpuUtil,       // part of the time in which a kernel runs, 0 to 100
  kGpuUtilRatio,  // the same under DCGM's new name: 0 to 100 or 0 to 1, by the exporter's version
  kMemoryUsed,    // MiB
  kMemoryFree,    // MiB
  kMemoryRatio,   // used / (total - reserved), 0 to 1
  kLastXid,       // the last XID, which stays until the driver or the exporter starts anew
  kRecentXids,    // how often the XID of the label `xid` came in a window
  kHealth,        // of the watch in the label `health_watch`: 0 passes, 10 warns, 20 fails
  kRowRemapFailed,
};
// Of which a value is kept for each part of a chip; those behind are about the health of a chip.
inline constexpr size_t kMeasuredFamilies = 7;

// Case does not count. Nothing: of no use here.
std::optional<Family> FamilyOf(std::string_view name);

// Any series of DCGM or of its exporter.
bool IsDcgmName(std::string_view name);

// Whether the value says "blank", "not found", "not supported" or "not permitted", as an integer of
// 32 or 64 bits or as a double. An integer of 64 bits may have been rounded to a double before.
bool IsBlankValue(double value);

}  // namespace fleetmeter::collector::dcgm
