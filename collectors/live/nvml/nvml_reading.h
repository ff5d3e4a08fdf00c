// From what NVML says to chips, their parts, holders, activity and health. Pure.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collectors/device/device_reading.h"
#include "collectors/live/nvml/nvml_device.h"

namespace fleetmeter::collector {

// The part of the time in which some kernel ran on the GPU.
inline constexpr char kNvmlSignal[] = "gpu_util";

// The holder that a process stands for: a job, a pod, a container, or the process itself.
using NvmlHolderOf = std::function<Holder(int64_t pid)>;

// `free_without_process`: whether a chip without a process on it is free. False where a scheduler
// is joined, which also knows of those that hold chips and do not use them.
HostReading ReadNvml(const std::vector<NvmlDevice>& devices, bool free_without_process,
                     const NvmlHolderOf& holder_of, ReadingCounts& counts);

// GPUs by the errors that the driver told: broken from an XID of the list on, for `kept_for_nanos`
// after the last one.
class NvmlXidWatch {
 public:
  NvmlXidWatch(std::set<uint64_t> unhealthy, int64_t kept_for_nanos)
      : unhealthy_(std::move(unhealthy)), kept_for_nanos_(kept_for_nanos) {}

  void Note(const std::vector<std::pair<std::string, uint64_t>>& xids, int64_t monotonic_nanos);
  void Judge(int64_t monotonic_nanos, HostReading& host) const;

 private:
  struct Seen {
    uint64_t xid = 0;
    int64_t until = 0;
  };

  const std::set<uint64_t> unhealthy_;
  const int64_t kept_for_nanos_;
  std::map<std::string, Seen> seen_;  // by UUID
};

// UUIDs and names of GPUs that were seen, for a GPU that is lost and says neither.
class NvmlMemoryOfNames {
 public:
  void Complete(std::vector<NvmlDevice>& devices);

 private:
  std::map<uint32_t, std::pair<std::string, std::string>> seen_;  // by index
};

}  // namespace fleetmeter::collector
