// What is used of NVIDIA's management library, declared by its documented ABI and found at run
// time: nothing of it is needed to build.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace fleetmeter::collector {

// Of nvmlReturn_t, those that are told apart.
inline constexpr int kNvmlSuccess = 0;
inline constexpr int kNvmlNotSupported = 3;
inline constexpr int kNvmlNoPermission = 4;
inline constexpr int kNvmlNotFound = 6;
inline constexpr int kNvmlInsufficientSize = 7;
inline constexpr int kNvmlFunctionNotFound = 13;
inline constexpr int kNvmlGpuIsLost = 15;
inline constexpr int kNvmlResetRequired = 16;

inline constexpr uint32_t kNvmlNoInstance = 0xFFFFFFFF;  // of a process without MIG
inline constexpr uint64_t kNvmlXidEvent = 0x8;           // nvmlEventTypeXidCriticalError

using NvmlHandle = struct NvmlOpaqueDevice*;
using NvmlEventSet = struct NvmlOpaqueEvents*;

struct NvmlUtilization {  // nvmlUtilization_t, in percent
  unsigned int gpu;
  unsigned int memory;
};

struct NvmlMemory {  // nvmlMemory_t, in bytes
  uint64_t total;
  uint64_t free;
  uint64_t used;
};

struct NvmlMemoryV2 {  // nvmlMemory_v2_t; `used` without what the driver keeps
  uint32_t version;
  uint64_t total;
  uint64_t reserved;
  uint64_t free;
  uint64_t used;
};
inline constexpr uint32_t kNvmlMemoryV2 = sizeof(NvmlMemoryV2) | (2U << 24U);

struct NvmlProcessInfo {  // nvmlProcessInfo_t of _v2 and _v3
  uint32_t pid;
  uint64_t used_memory;
  uint32_t gpu_instance;
  uint32_t compute_instance;
};

struct NvmlAttributes {  // nvmlDeviceAttributes_t
  uint32_t multiprocessors;
  uint32_t copy_engines;
  uint32_t decoders;
  uint32_t encoders;
  uint32_t jpegs;
  uint32_t ofas;
  uint32_t gpu_slices;
  uint32_t compute_slices;
  uint64_t memory_mib;
};

struct NvmlEvent {  // nvmlEventData_t
  NvmlHandle device;
  uint64_t type;
  uint64_t data;  // the number of an XID
  uint32_t gpu_instance;
  uint32_t compute_instance;
};

struct NvmlField {  // nvmlFieldValue_t
  uint32_t id;
  uint32_t scope;
  int64_t timestamp;
  int64_t latency;
  int32_t value_type;
  int32_t code;  // an nvmlReturn_t
  union {
    double number;
    uint32_t whole;
    uint64_t wide;
  } value;
};
inline constexpr uint32_t kNvmlRecoveryAction = 230;  // NVML_FI_DEV_GET_GPU_RECOVERY_ACTION

// Each returns an nvmlReturn_t. Null where the library of an older driver has none.
struct NvmlApi {
  int (*init)();
  int (*shutdown)();
  const char* (*error_string)(int);
  int (*device_count)(unsigned int*);
  int (*device_by_index)(unsigned int, NvmlHandle*);
  int (*uuid)(NvmlHandle, char*, unsigned int);
  int (*name)(NvmlHandle, char*, unsigned int);
  int (*utilization)(NvmlHandle, NvmlUtilization*);
  int (*memory)(NvmlHandle, NvmlMemory*);
  int (*memory_v2)(NvmlHandle, NvmlMemoryV2*);
  int (*compute_processes)(NvmlHandle, unsigned int*, NvmlProcessInfo*);
  int (*mps_processes)(NvmlHandle, unsigned int*, NvmlProcessInfo*);
  int (*mig_mode)(NvmlHandle, unsigned int*, unsigned int*);
  int (*most_mig_devices)(NvmlHandle, unsigned int*);
  int (*mig_device_by_index)(NvmlHandle, unsigned int, NvmlHandle*);
  int (*gpu_instance)(NvmlHandle, unsigned int*);
  int (*compute_instance)(NvmlHandle, unsigned int*);
  int (*attributes)(NvmlHandle, NvmlAttributes*);
  int (*remapped_rows)(NvmlHandle, unsigned int*, unsigned int*, unsigned int*, unsigned int*);
  int (*pages_pending)(NvmlHandle, unsigned int*);
  int (*field_values)(NvmlHandle, int, NvmlField*);
  int (*event_set_create)(NvmlEventSet*);
  int (*event_set_free)(NvmlEventSet);
  int (*register_events)(NvmlHandle, uint64_t, NvmlEventSet);
  int (*event_wait)(NvmlEventSet, NvmlEvent*, unsigned int);
};

// One loaded and initialised library. Belongs to one thread.
class NvmlLibrary {
 public:
  // `path` as dlopen takes it. NotFound: there is no such library, or it is none of NVIDIA's.
  // Unavailable: it cannot be used now, as without a driver.
  static absl::StatusOr<std::unique_ptr<NvmlLibrary>> Open(const std::string& path);
  ~NvmlLibrary();
  NvmlLibrary(const NvmlLibrary&) = delete;
  NvmlLibrary& operator=(const NvmlLibrary&) = delete;

  const NvmlApi& api() const { return api_; }
  // "GPU is lost (15)".
  std::string Describe(int code) const;

 private:
  NvmlLibrary() = default;

  void* library_ = nullptr;
  bool initialised_ = false;
  NvmlApi api_{};
};

}  // namespace fleetmeter::collector
