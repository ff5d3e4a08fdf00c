// What NVML says of the GPUs of a machine at one instant, as plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/live/nvml/nvml_api.h"

namespace fleetmeter::collector {

struct NvmlProcess {
  int64_t pid = 0;
  uint32_t gpu_instance = kNvmlNoInstance;
  uint32_t compute_instance = kNvmlNoInstance;
};

struct NvmlMemoryUse {
  uint64_t used = 0;
  uint64_t total = 0;
};

// One MIG device: a compute instance of a GPU instance.
struct NvmlMigDevice {
  std::string uuid;
  uint32_t gpu_instance = 0;
  uint32_t compute_instance = 0;
  uint32_t gpu_slices = 0;  // of the GPU instance
  uint32_t compute_slices = 0;
  std::optional<NvmlMemoryUse> memory;
};

struct NvmlDevice {
  uint32_t index = 0;
  bool answers = false;  // it could be asked at all
  std::string uuid;
  std::string name;
  std::optional<double> utilization;  // 1 is fully busy
  std::optional<NvmlMemoryUse> memory;
  // Nothing: they may not be seen.
  std::optional<std::vector<NvmlProcess>> processes;
  bool mig = false;
  uint32_t slices = 0;  // of the whole chip, with MIG
  std::vector<NvmlMigDevice> mig_devices;
  std::string broken;   // why it cannot be used; empty: it can
  std::string drained;  // why it should take no new work; empty: it may
};

// XIDs that came since they were last asked for. Registers each GPU once.
class NvmlXids {
 public:
  explicit NvmlXids(const NvmlLibrary& library) : library_(library) {}
  ~NvmlXids();
  NvmlXids(const NvmlXids&) = delete;
  NvmlXids& operator=(const NvmlXids&) = delete;

  void Register(NvmlHandle device, const std::string& uuid);
  // By UUID, at most a few at a time. Does not wait.
  std::vector<std::pair<std::string, uint64_t>> Take();

 private:
  const NvmlLibrary& library_;
  NvmlEventSet set_ = nullptr;
  std::map<NvmlHandle, std::string> registered_;
};

// All GPUs. A GPU that is lost is in the list, and broken; what is known of it is its index alone.
// Unavailable: the driver does not answer. `xids` may be null.
absl::StatusOr<std::vector<NvmlDevice>> ReadNvmlDevices(const NvmlLibrary& library, NvmlXids* xids);

}  // namespace fleetmeter::collector
