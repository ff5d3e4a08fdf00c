#include "collectors/live/nvml/nvml_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fleetmeter::collector {
namespace {

constexpr double kNvmlPercent = 100;
constexpr size_t kNvmlTextBytes = 96;
constexpr unsigned int kMostNvmlDevices = 256;
constexpr unsigned int kMostNvmlMigDevices = 64;
constexpr unsigned int kMostNvmlProcesses = 65'536;
// Processes may start between the two questions.
constexpr unsigned int kNvmlSpareProcesses = 16;
constexpr int kNvmlProcessTries = 5;
constexpr int kMostNvmlEvents = 64;

// Reads one GPU. Whatever says that it is lost makes it broken.
class NvmlDeviceReader {
 public:
  NvmlDeviceReader(const NvmlLibrary& library, NvmlDevice& device)
      : library_(library), api_(library.api()), device_(device) {}

  void Read(NvmlXids* xids) {
    NvmlHandle handle = nullptr;
    if (!Ask(api_.device_by_index, device_.index, &handle)) return;
    device_.answers = true;
    device_.uuid = Text(api_.uuid, handle);
    device_.name = Text(api_.name, handle);
    if (xids != nullptr && !device_.uuid.empty()) xids->Register(handle, device_.uuid);
    ReadMig(handle);
    ReadUse(handle);
    ReadProcesses(handle);
    ReadHealth(handle);
  }

 private:
  // Whether it succeeded.
  template <class Function, class... Arguments>
  bool Ask(Function function, Arguments... arguments) {
    if (function == nullptr) return false;
    const int code = function(arguments...);
    if (code == kNvmlGpuIsLost || code == kNvmlResetRequired) {
      device_.broken = library_.Describe(code);
    }
    return code == kNvmlSuccess;
  }

  std::string Text(int (*function)(NvmlHandle, char*, unsigned int), NvmlHandle handle) {
    std::array<char, kNvmlTextBytes> text{};
    const auto size = static_cast<unsigned int>(text.size());
    if (!Ask(function, handle, text.data(), size)) return "";
    text.back() = '\0';
    return text.data();
  }

  std::optional<NvmlMemoryUse> Memory(NvmlHandle handle) {
    NvmlMemoryV2 newer{};
    newer.version = kNvmlMemoryV2;
    if (Ask(api_.memory_v2, handle, &newer)) return NvmlMemoryUse{newer.used, newer.total};
    NvmlMemory older{};
    if (Ask(api_.memory, handle, &older)) return NvmlMemoryUse{older.used, older.total};
    return std::nullopt;
  }

  void ReadUse(NvmlHandle handle) {
    NvmlUtilization use{};
    // With MIG it is not of the chip, whatever the library says.
    if (!device_.mig && Ask(api_.utilization, handle, &use)) {
      device_.utilization = use.gpu / kNvmlPercent;
    }
    device_.memory = Memory(handle);
  }

  void ReadMig(NvmlHandle handle) {
    unsigned int now = 0;
    unsigned int pending = 0;
    unsigned int most = 0;
    if (!Ask(api_.mig_mode, handle, &now, &pending) || now == 0) return;
    device_.mig = true;
    if (!Ask(api_.most_mig_devices, handle, &most)) return;
    device_.slices = most;
    for (unsigned int i = 0; i < std::min(most, kMostNvmlMigDevices); ++i) {
      NvmlHandle mig = nullptr;
      // There are holes between them.
      if (Ask(api_.mig_device_by_index, handle, i, &mig)) ReadMigDevice(mig);
    }
  }

  void ReadMigDevice(NvmlHandle handle) {
    NvmlMigDevice mig;
    mig.uuid = Text(api_.uuid, handle);
    NvmlAttributes attributes{};
    if (!Ask(api_.gpu_instance, handle, &mig.gpu_instance) ||
        !Ask(api_.compute_instance, handle, &mig.compute_instance) ||
        !Ask(api_.attributes, handle, &attributes)) {
      return;
    }
    mig.gpu_slices = attributes.gpu_slices;
    mig.compute_slices = attributes.compute_slices;
    mig.memory = Memory(handle);
    device_.mig_devices.push_back(std::move(mig));
  }

  void ReadProcesses(NvmlHandle handle) {
    std::vector<NvmlProcess> processes;
    if (!AddProcesses(api_.compute_processes, handle, processes)) return;
    AddProcesses(api_.mps_processes, handle, processes);
    device_.processes = std::move(processes);
  }

  bool AddProcesses(int (*function)(NvmlHandle, unsigned int*, NvmlProcessInfo*), NvmlHandle handle,
                    std::vector<NvmlProcess>& processes) {
    if (function == nullptr) return false;
    std::vector<NvmlProcessInfo> infos(kNvmlSpareProcesses);
    for (int i = 0; i < kNvmlProcessTries; ++i) {
      auto count = static_cast<unsigned int>(infos.size());
      const int code = function(handle, &count, infos.data());
      if (code == kNvmlInsufficientSize && count < kMostNvmlProcesses) {
        infos.resize(count + kNvmlSpareProcesses);
        continue;
      }
      if (code == kNvmlGpuIsLost || code == kNvmlResetRequired) {
        device_.broken = library_.Describe(code);
      }
      if (code != kNvmlSuccess) return false;
      for (size_t k = 0; k < std::min<size_t>(count, infos.size()); ++k) {
        processes.push_back({infos[k].pid, infos[k].gpu_instance, infos[k].compute_instance});
      }
      return true;
    }
    return false;
  }

  void ReadHealth(NvmlHandle handle) {
    unsigned int corrected = 0;
    unsigned int uncorrected = 0;
    unsigned int pending = 0;
    unsigned int failed = 0;
    if (Ask(api_.remapped_rows, handle, &corrected, &uncorrected, &pending, &failed)) {
      if (failed != 0) device_.broken = "remapping a row of memory has failed";
      if (pending != 0) device_.drained = "rows of memory are to be remapped at a reset";
    }
    unsigned int pages = 0;
    if (Ask(api_.pages_pending, handle, &pages) && pages != 0) {
      device_.drained = "pages of memory are to be retired at a reset";
    }
    ReadAdvice(handle);
  }

  // What the driver itself advises, where it is new enough to do so.
  void ReadAdvice(NvmlHandle handle) {
    NvmlField field{};
    field.id = kNvmlRecoveryAction;
    if (!Ask(api_.field_values, handle, 1, &field) || field.code != kNvmlSuccess) return;
    switch (field.value.whole) {
      case 0:
        break;
      case 1:
        device_.broken = "the driver advises a reset";
        break;
      case 2:
        device_.broken = "the driver advises to restart the machine";
        break;
      case 3:
      case 4:
        device_.drained = "the driver advises to drain it";
        break;
      default:
        device_.broken = fmt::format("the driver advises recovery action {}", field.value.whole);
    }
  }

  const NvmlLibrary& library_;
  const NvmlApi& api_;
  NvmlDevice& device_;
};

}  // namespace

NvmlXids::~NvmlXids() {
  if (set_ != nullptr && library_.api().event_set_free != nullptr) {
    library_.api().event_set_free(set_);
  }
}

void NvmlXids::Register(NvmlHandle device, const std::string& uuid) {
  const NvmlApi& api = library_.api();
  if (api.event_set_create == nullptr || api.register_events == nullptr) return;
  if (set_ == nullptr && api.event_set_create(&set_) != kNvmlSuccess) {
    set_ = nullptr;
    return;
  }
  // One that does not support it is not asked again.
  if (registered_.try_emplace(device, uuid).second) {
    api.register_events(device, kNvmlXidEvent, set_);
  }
}

std::vector<std::pair<std::string, uint64_t>> NvmlXids::Take() {
  std::vector<std::pair<std::string, uint64_t>> xids;
  if (set_ == nullptr || library_.api().event_wait == nullptr) return xids;
  for (int i = 0; i < kMostNvmlEvents; ++i) {
    NvmlEvent event{};
    if (library_.api().event_wait(set_, &event, 0) != kNvmlSuccess) break;
    const auto device = registered_.find(event.device);
    if (event.type == kNvmlXidEvent && device != registered_.end()) {
      xids.emplace_back(device->second, event.data);
    }
  }
  return xids;
}

absl::StatusOr<std::vector<NvmlDevice>> ReadNvmlDevices(const NvmlLibrary& library,
                                                        NvmlXids* xids) {
  unsigned int count = 0;
  const int code = library.api().device_count(&count);
  if (code != kNvmlSuccess || count > kMostNvmlDevices) {
    return absl::UnavailableError(fmt::format("cannot count GPUs: {}, {}; expected at most {}",
                                              library.Describe(code), count, kMostNvmlDevices));
  }
  std::vector<NvmlDevice> devices(count);
  for (unsigned int i = 0; i < count; ++i) {
    devices[i].index = i;
    NvmlDeviceReader(library, devices[i]).Read(xids);
  }
  return devices;
}

}  // namespace fleetmeter::collector
