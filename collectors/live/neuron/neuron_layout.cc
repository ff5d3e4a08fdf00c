#include "collectors/live/neuron/neuron_layout.h"

#include <fmt/format.h>

#include <array>

namespace fleetmeter::collector {
namespace {

constexpr int64_t kNeuronGiB = int64_t{1} << 30;
constexpr int64_t kMostNeuronDevices = 1'024;
constexpr int64_t kMostNeuronCores = 64;

// By AWS' documents of instance types, and of Neuron's logical cores. A family with chips 0 has
// sizes that are told by the monitor only.
struct NeuronFamily {
  const char* prefix;  // of the instance type
  const char* model;
  int64_t physical_cores;
  int64_t default_logical_config;
  int64_t memory_gib;
};
constexpr auto kNeuronFamilies = std::to_array<NeuronFamily>({
    {"inf1.", "inferentia1", 4, 1, 8},
    {"inf2.", "inferentia2", 2, 1, 32},
    {"trn1.", "trainium1", 2, 1, 32},
    {"trn1n.", "trainium1", 2, 1, 32},
    {"trn2.", "trainium2", 8, 2, 96},
    {"trn2n.", "trainium2", 8, 2, 96},
    {"trn2u.", "trainium2", 8, 2, 96},
    {"trn3.", "trainium3", 8, 2, 144},
    {"trn3u.", "trainium3", 8, 2, 144},
});

constexpr auto kNeuronInstances = std::to_array<std::pair<const char*, int64_t>>({
    {"inf1.xlarge", 1},
    {"inf1.2xlarge", 1},
    {"inf1.6xlarge", 4},
    {"inf1.24xlarge", 16},
    {"inf2.xlarge", 1},
    {"inf2.8xlarge", 1},
    {"inf2.24xlarge", 6},
    {"inf2.48xlarge", 12},
    {"trn1.2xlarge", 1},
    {"trn1.32xlarge", 16},
    {"trn1n.32xlarge", 16},
    {"trn2.3xlarge", 1},
    {"trn2.48xlarge", 16},
    {"trn2n.48xlarge", 16},
    {"trn2u.48xlarge", 16},
});

const NeuronFamily* FamilyOf(std::string_view instance_type) {
  for (const NeuronFamily& family : kNeuronFamilies) {
    if (instance_type.starts_with(family.prefix)) return &family;
  }
  return nullptr;
}

int64_t ChipsOfInstance(std::string_view instance_type) {
  for (const auto& [name, chips] : kNeuronInstances) {
    if (instance_type == name) return chips;
  }
  return 0;
}

// "inferentia" is the first one.
std::string ModelOf(const NeuronReport& report, const NeuronFamily* family) {
  if (report.device_type.empty()) return family == nullptr ? "" : family->model;
  return report.device_type == "inferentia" ? "inferentia1" : report.device_type;
}

int64_t CoresOf(const NeuronReport& report, const NeuronLayoutSettings& settings,
                const NeuronFamily* family) {
  const int64_t usual = family == nullptr ? 1 : family->default_logical_config;
  const int64_t told = report.logical_config.value_or(usual);
  const int64_t wanted = settings.logical_config.value_or(told);
  if (report.cores_per_device.value_or(0) > 0) {
    // The monitor's number is of logical cores already.
    if (wanted == told || wanted < 1) return *report.cores_per_device;
    return *report.cores_per_device * told / wanted;
  }
  return family == nullptr || wanted < 1 ? 0 : family->physical_cores / wanted;
}

}  // namespace

absl::StatusOr<NeuronLayout> LayOutNeuron(const NeuronReport& report,
                                          const NeuronLayoutSettings& settings,
                                          std::vector<std::string>& remarks) {
  const std::string& instance =
      settings.instance_type.empty() ? report.instance_type : settings.instance_type;
  const NeuronFamily* family = FamilyOf(instance);
  const int64_t usual = ChipsOfInstance(instance);
  NeuronLayout layout;
  layout.devices = report.devices.value_or(usual);
  layout.cores_per_device = CoresOf(report, settings, family);
  layout.model = ModelOf(report, family);
  layout.device_memory_bytes =
      report.device_memory_bytes.value_or(family == nullptr ? 0 : family->memory_gib * kNeuronGiB);
  if (layout.devices < 1 || layout.devices > kMostNeuronDevices || layout.cores_per_device < 1 ||
      layout.cores_per_device > kMostNeuronCores) {
    return absl::InvalidArgumentError(
        fmt::format("tells {} chips of {} cores on instance type \"{}\"; expected "
                    "neuron_hardware_info with both numbers, or instance_type in the configuration",
                    layout.devices, layout.cores_per_device, instance));
  }
  if (usual > 0 && layout.devices != usual) {
    remarks.push_back(fmt::format("the monitor counts {} chips; expected {} of {}", layout.devices,
                                  usual, instance));
  }
  return layout;
}

}  // namespace fleetmeter::collector
