#include "collectors/live/nvml/nvml_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <initializer_list>

namespace fleetmeter::collector {
namespace {

static_assert(sizeof(NvmlProcessInfo) == 24);
static_assert(sizeof(NvmlMemoryV2) == 40);
static_assert(sizeof(NvmlAttributes) == 40);
static_assert(sizeof(NvmlEvent) == 32);
static_assert(sizeof(NvmlField) == 40);

// The first of the names that the library has, the newest first: names without a suffix are macros
// of NVIDIA's header, and as symbols the oldest versions.
template <class Function>
void FindNvmlSymbol(void* library, std::initializer_list<const char*> names, Function& function) {
  for (const char* name : names) {
    void* symbol = dlsym(library, name);
    if (symbol == nullptr) continue;
    function = reinterpret_cast<Function>(symbol);
    return;
  }
}

NvmlApi FindNvmlApi(void* library) {
  NvmlApi api{};
  const auto find = [library](auto& function, std::initializer_list<const char*> names) {
    FindNvmlSymbol(library, names, function);
  };
  find(api.init, {"nvmlInit_v2", "nvmlInit"});
  find(api.shutdown, {"nvmlShutdown"});
  find(api.error_string, {"nvmlErrorString"});
  find(api.device_count, {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"});
  find(api.device_by_index, {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"});
  find(api.uuid, {"nvmlDeviceGetUUID"});
  find(api.name, {"nvmlDeviceGetName"});
  find(api.utilization, {"nvmlDeviceGetUtilizationRates"});
  find(api.memory, {"nvmlDeviceGetMemoryInfo"});
  find(api.memory_v2, {"nvmlDeviceGetMemoryInfo_v2"});
  // Their first version has another layout.
  find(api.compute_processes,
       {"nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2"});
  find(api.mps_processes, {"nvmlDeviceGetMPSComputeRunningProcesses_v3",
                           "nvmlDeviceGetMPSComputeRunningProcesses_v2"});
  find(api.mig_mode, {"nvmlDeviceGetMigMode"});
  find(api.most_mig_devices, {"nvmlDeviceGetMaxMigDeviceCount"});
  find(api.mig_device_by_index, {"nvmlDeviceGetMigDeviceHandleByIndex"});
  find(api.gpu_instance, {"nvmlDeviceGetGpuInstanceId"});
  find(api.compute_instance, {"nvmlDeviceGetComputeInstanceId"});
  find(api.attributes, {"nvmlDeviceGetAttributes_v2"});
  find(api.remapped_rows, {"nvmlDeviceGetRemappedRows"});
  find(api.pages_pending, {"nvmlDeviceGetRetiredPagesPendingStatus"});
  find(api.field_values, {"nvmlDeviceGetFieldValues"});
  find(api.event_set_create, {"nvmlEventSetCreate"});
  find(api.event_set_free, {"nvmlEventSetFree"});
  find(api.register_events, {"nvmlDeviceRegisterEvents"});
  find(api.event_wait, {"nvmlEventSetWait_v2"});
  return api;
}

}  // namespace

absl::StatusOr<std::unique_ptr<NvmlLibrary>> NvmlLibrary::Open(const std::string& path) {
  std::unique_ptr<NvmlLibrary> nvml(new NvmlLibrary);
  nvml->library_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (nvml->library_ == nullptr) {
    const char* why = dlerror();  // NOLINT(concurrency-mt-unsafe): one thread loads libraries
    return absl::NotFoundError(fmt::format("cannot load {} ({}); expected NVIDIA's driver", path,
                                           why == nullptr ? "no reason told" : why));
  }
  nvml->api_ = FindNvmlApi(nvml->library_);
  const NvmlApi& api = nvml->api_;
  if (api.init == nullptr || api.shutdown == nullptr || api.device_count == nullptr ||
      api.device_by_index == nullptr || api.uuid == nullptr) {
    return absl::NotFoundError(
        fmt::format("{} lacks the functions of NVML; expected NVIDIA's library", path));
  }
  if (const int code = api.init(); code != kNvmlSuccess) {
    return absl::UnavailableError(
        fmt::format("nvmlInit says {}; expected a driver that works", nvml->Describe(code)));
  }
  nvml->initialised_ = true;
  return nvml;
}

NvmlLibrary::~NvmlLibrary() {
  if (initialised_) api_.shutdown();
  if (library_ != nullptr) dlclose(library_);
}

std::string NvmlLibrary::Describe(int code) const {
  const char* text = api_.error_string == nullptr ? nullptr : api_.error_string(code);
  return fmt::format("{} ({})", text == nullptr ? "an error" : text, code);
}

}  // namespace fleetmeter::collector
