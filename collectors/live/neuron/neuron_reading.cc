#include "collectors/live/neuron/neuron_reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fleetmeter::collector {
namespace {

// The monitor's periods are measured by itself, so that a busy core may be a little above 100%.
constexpr double kNeuronTolerance = 0.05;
constexpr size_t kMostNeuronReadingRemarks = 10;

// What is known of one core of the host.
struct NeuronCoreState {
  std::vector<const NeuronRuntime*> runtimes;
  const NeuronPod* pod = nullptr;
  double utilization = 0;
  bool measured = true;
  int64_t memory_bytes = 0;
  bool tells_memory = true;
};

class NeuronHostMaker {
 public:
  NeuronHostMaker(const NeuronReport& report, const NeuronSettings& settings,
                  const DescribeNeuronProcess& describe, NeuronLayout layout,
                  Observation& observation)
      : report_(report),
        settings_(settings),
        describe_(describe),
        layout_(std::move(layout)),
        observation_(observation),
        cores_(static_cast<size_t>(layout_.devices * layout_.cores_per_device)) {}

  HostReading Make() {
    for (const NeuronRuntime& runtime : report_.runtimes) {
      if (!runtime.cores) hidden_ = true;
      for (const NeuronCoreUse& use : runtime.cores.value_or(std::vector<NeuronCoreUse>())) {
        TakeUse(runtime, use);
      }
    }
    TakePods();
    HostReading host;
    for (int64_t device = 0; device < layout_.devices; ++device) AddDevice(device, host);
    return host;
  }

 private:
  NeuronCoreState* CoreAt(int64_t core, const std::string& whose) {
    if (core < static_cast<int64_t>(cores_.size())) return &cores_[static_cast<size_t>(core)];
    ++observation_.counts.bad_lines;
    Remark(
        fmt::format("{} names core {}; expected one below {}, or another logical_cores in the "
                    "configuration",
                    whose, core, cores_.size()));
    return nullptr;
  }

  void TakeUse(const NeuronRuntime& runtime, const NeuronCoreUse& use) {
    NeuronCoreState* core = CoreAt(use.core, "a runtime");
    if (core == nullptr) {
      hidden_ = true;  // it holds some core, and nobody knows which
      return;
    }
    core->runtimes.push_back(&runtime);
    core->measured = core->measured && use.utilization.has_value();
    core->utilization += use.utilization.value_or(0);
    core->tells_memory = core->tells_memory && use.memory_bytes >= 0;
    core->memory_bytes += std::max<int64_t>(use.memory_bytes, 0);
  }

  void TakePods() {
    for (const auto& [device, pod] : report_.pods_of_devices) {
      for (int64_t i = 0; i < layout_.cores_per_device; ++i) {
        NeuronCoreState* core = CoreAt(device * layout_.cores_per_device + i, "a pod");
        if (core != nullptr) core->pod = &pod;
      }
    }
    for (const auto& [index, pod] : report_.pods_of_cores) {
      if (NeuronCoreState* core = CoreAt(index, "a pod")) core->pod = &pod;
    }
  }

  void AddDevice(int64_t index, HostReading& host) {
    DeviceReading& device = host.devices.emplace_back();
    device.index = static_cast<uint32_t>(index);
    device.model = layout_.model;
    device.parts.clear();
    const int64_t first = index * layout_.cores_per_device;
    for (int64_t i = 0; i < layout_.cores_per_device; ++i) {
      DevicePart part = MakePart(cores_[static_cast<size_t>(first + i)]);
      part.id = fmt::format("core {}", first + i);
      // An even division: the first ones get what does not divide.
      part.share = kOne / layout_.cores_per_device + (i < kOne % layout_.cores_per_device ? 1 : 0);
      device.parts.push_back(std::move(part));
    }
    JoinAlike(device);
  }

  DevicePart MakePart(const NeuronCoreState& core) {
    DevicePart part;
    const bool opened = !core.runtimes.empty();
    // A core that no runtime has opened does nothing, if all runtimes say what they have opened.
    const bool measured = report_.tells_runtimes && (opened ? core.measured : !hidden_);
    if (measured) {
      part.activity =
          TakeMicro(core.utilization, 1, &observation_.counts.readings, kNeuronTolerance);
      if (part.activity) part.signal = kNeuronSignal;
    }
    TakeMemory(core, part);
    AddHolders(core, part);
    const bool knows = report_.tells_pods ||
                       (settings_.free_without_runtime && report_.tells_runtimes && !hidden_);
    if (knows || !part.holders.empty()) part.knows_holders = Holders::kKnown;
    return part;
  }

  void TakeMemory(const NeuronCoreState& core, DevicePart& part) {
    if (core.runtimes.empty() || !core.tells_memory || layout_.device_memory_bytes <= 0) return;
    const double of_core = static_cast<double>(layout_.device_memory_bytes) /
                           static_cast<double>(layout_.cores_per_device);
    // A core may use the memory of its neighbour, so that more than all of it is no mistake.
    const double used = std::min(static_cast<double>(core.memory_bytes), of_core);
    part.memory = TakeMicro(used, of_core, &observation_.counts.readings);
  }

  // The pod, if one is known, with what its runtime adds; else each runtime.
  void AddHolders(const NeuronCoreState& core, DevicePart& part) {
    for (const NeuronRuntime* runtime : core.runtimes) {
      Holder holder = HolderOf(*runtime);
      if (core.pod != nullptr) NamePod(*core.pod, holder);
      const bool again =
          std::any_of(part.holders.begin(), part.holders.end(),
                      [&](const Holder& other) { return other.name == holder.name; });
      if (!again) part.holders.push_back(std::move(holder));
    }
    if (core.runtimes.empty() && core.pod != nullptr) {
      NamePod(*core.pod, part.holders.emplace_back());
    }
  }

  Holder HolderOf(const NeuronRuntime& runtime) const {
    Holder holder;
    holder.name = "runtime " + runtime.tag;
    holder.attributes.Set("tag", runtime.tag);
    if (runtime.pid > 0 && describe_) describe_(runtime.pid, holder);
    return holder;
  }

  static void NamePod(const NeuronPod& pod, Holder& holder) {
    holder.name = fmt::format("pod {}/{}", pod.space, pod.name);
    holder.attributes.Set("namespace", pod.space);
    holder.attributes.Set("pod", pod.name);
    holder.attributes.Set("container", pod.containers);
  }

  // A chip whose cores are all held by the same, and all measured, is one part.
  static void JoinAlike(DeviceReading& device) {
    const DevicePart& first = device.parts.front();
    const auto names = [](const DevicePart& part) {
      std::vector<std::string> all;
      for (const Holder& holder : part.holders) all.push_back(holder.name);
      return all;
    };
    const bool alike =
        std::all_of(device.parts.begin(), device.parts.end(), [&](const DevicePart& part) {
          return names(part) == names(first) && part.knows_holders == first.knows_holders &&
                 part.activity.has_value() == first.activity.has_value() &&
                 part.memory.has_value() == first.memory.has_value();
        });
    if (!alike) return;
    DevicePart whole = first;
    whole.id.clear();
    whole.share = kOne;
    whole.activity = MeanOf(device.parts, &DevicePart::activity);
    whole.memory = MeanOf(device.parts, &DevicePart::memory);
    device.parts = {std::move(whole)};
  }

  static std::optional<Micro> MeanOf(const std::vector<DevicePart>& parts,
                                     std::optional<Micro> DevicePart::* value) {
    Micro sum = 0;
    for (const DevicePart& part : parts) {
      if (!(part.*value)) return std::nullopt;
      sum += *(part.*value);
    }
    const auto count = static_cast<Micro>(parts.size());
    return (sum + count / 2) / count;
  }

  void Remark(std::string remark) {
    if (observation_.remarks.size() < kMostNeuronReadingRemarks) {
      observation_.remarks.push_back(std::move(remark));
    }
  }

  const NeuronReport& report_;
  const NeuronSettings& settings_;
  const DescribeNeuronProcess& describe_;
  const NeuronLayout layout_;
  Observation& observation_;
  std::vector<NeuronCoreState> cores_;
  bool hidden_ = false;  // some runtime does not say which cores it has
};

}  // namespace

absl::StatusOr<Observation> ReadNeuron(const NeuronReport& report, const NeuronSettings& settings,
                                       const std::string& host,
                                       const DescribeNeuronProcess& describe) {
  if (!report.hardware_error.empty()) {
    return absl::UnavailableError(
        fmt::format("neuron_hardware_info says \"{}\"; expected the driver to show the chips",
                    report.hardware_error));
  }
  Observation observation;
  observation.counts.bad_lines = report.bad_values;
  observation.remarks = report.remarks;
  absl::StatusOr<NeuronLayout> layout = LayOutNeuron(report, settings.layout, observation.remarks);
  if (!layout.ok()) return layout.status();
  HostReading reading =
      NeuronHostMaker(report, settings, describe, *std::move(layout), observation).Make();
  reading.host = host;
  observation.hosts.push_back(std::move(reading));
  return observation;
}

void NeuronErrorWatch::Judge(const NeuronReport& report, int64_t monotonic_nanos,
                             HostReading& host) {
  for (DeviceReading& device : host.devices) {
    const auto counted = report.uncorrected_errors.find(*device.index);
    // Without its counters a chip stays what it was.
    const bool told = counted != report.uncorrected_errors.end();
    const auto [found, is_new] = seen_.try_emplace(*device.index);
    Seen& seen = found->second;
    if (told && is_new) seen.count = counted->second;
    if (told && counted->second < seen.count) seen = {counted->second, 0, 0};
    if (told && counted->second > seen.count) {
      seen.grown_by += counted->second - seen.count;
      seen.count = counted->second;
      seen.broken_until = monotonic_nanos + kept_for_nanos_;
    }
    if (!told && is_new) {
      seen_.erase(found);
      continue;
    }
    if (seen.broken_until > monotonic_nanos) {
      device.fitness = Fitness::kBroken;
      device.fitness_reason = fmt::format("{} new uncorrected memory errors", seen.grown_by);
    } else {
      seen.broken_until = seen.grown_by = 0;
      device.fitness = Fitness::kFit;
    }
  }
}

}  // namespace fleetmeter::collector
