// The JSON form of neuron-monitor.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "collectors/device/json_numbers.h"
#include "collectors/live/neuron/neuron_report.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

using nlohmann::json;

constexpr double kNeuronPercent = 100;
constexpr size_t kMostNeuronRemarks = 5;
constexpr size_t kMostNeuronText = 256;

// Null if it is not an object, or has no such member.
const json* NeuronMember(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string NeuronText(const json& object, const char* key) {
  const json* value = NeuronMember(object, key);
  if (value == nullptr || !value->is_string()) return "";
  return value->get<std::string>().substr(0, kMostNeuronText);
}

// Walks one object and counts what it cannot use.
class NeuronJsonReader {
 public:
  explicit NeuronJsonReader(NeuronReport& report) : report_(report) {}

  void ReadAll(const json& root) {
    if (const json* section = NeuronMember(root, "instance_info")) {
      report_.instance_type = NeuronText(*section, "instance_type");
    }
    if (const json* section = NeuronMember(root, "neuron_hardware_info")) ReadHardware(*section);
    if (const json* section = NeuronMember(root, "neuron_runtime_data")) ReadRuntimes(*section);
    if (const json* section = NeuronMember(root, "system_data")) {
      if (const json* counters = NeuronMember(*section, "neuron_hw_counters"))
        ReadErrors(*counters);
    }
    if (const json* section = NeuronMember(root, "neuron_k8s_info")) ReadPods(*section);
  }

 private:
  // A whole number of at least 0. Counts one that is something else.
  std::optional<int64_t> Whole(const json& object, const char* key) {
    const json* value = NeuronMember(object, key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_number_integer() && value->get<double>() >= 0) return value->get<int64_t>();
    ++report_.bad_values;
    return std::nullopt;
  }

  // "7", or nothing and a count.
  std::optional<int64_t> Index(const std::string& text) {
    const std::optional<int64_t> index = ParseInteger(text);
    if (index && *index >= 0) return index;
    ++report_.bad_values;
    return std::nullopt;
  }

  // Whether the section says that it could not be filled; keeps what it says.
  bool Failed(const json& section, const std::string& name) {
    const std::string error = NeuronText(section, "error");
    if (error.empty()) return false;
    if (report_.remarks.size() < kMostNeuronRemarks) {
      report_.remarks.push_back(fmt::format("{} is not measured: {}", name, AsciiQuoted(error)));
    }
    return true;
  }

  void ReadHardware(const json& section) {
    report_.hardware_error = NeuronText(section, "error");
    report_.device_type = NeuronText(section, "neuron_device_type");
    report_.devices = Whole(section, "neuron_device_count");
    report_.cores_per_device = Whole(section, "neuroncore_per_device_count");
    report_.logical_config = Whole(section, "logical_neuroncore_config");
    report_.device_memory_bytes = Whole(section, "neuron_device_memory_size");
  }

  void ReadRuntimes(const json& section) {
    // Go prints an empty list as null.
    report_.tells_runtimes = section.is_array() || section.is_null();
    if (!report_.tells_runtimes) ++report_.bad_values;
    if (!section.is_array()) return;
    for (const json& runtime : section) ReadRuntime(runtime);
  }

  void ReadRuntime(const json& from) {
    NeuronRuntime runtime;
    runtime.pid = Whole(from, "pid").value_or(0);
    runtime.tag = NeuronText(from, "neuron_runtime_tag");
    if (runtime.tag.empty() && runtime.pid > 0) runtime.tag = std::to_string(runtime.pid);
    const bool failed = Failed(from, "runtime " + AsciiQuoted(runtime.tag));
    const json* report = NeuronMember(from, "report");
    if (report != nullptr) ReadCores(*report, failed, runtime);
    report_.runtimes.push_back(std::move(runtime));
  }

  void ReadCores(const json& report, bool failed, NeuronRuntime& runtime) {
    const std::map<int64_t, int64_t> memory = ReadMemory(report);
    std::vector<NeuronCoreUse> cores;
    bool listed = false;
    if (const json* counters = NeuronMember(report, "neuroncore_counters")) {
      const bool measured = !Failed(*counters, "neuroncore_counters") && !failed;
      const json* in_use = NeuronMember(*counters, "neuroncores_in_use");
      // An error without a list does not say that no core is in use.
      listed = in_use != nullptr && in_use->is_object() && (measured || !in_use->empty());
      if (listed) ReadCoresInUse(*in_use, measured, cores);
    }
    // What has memory on a core has opened it.
    for (const auto& [core, bytes] : memory) AddMemory(core, bytes, listed, cores);
    if (listed || !memory.empty()) runtime.cores = std::move(cores);
  }

  void ReadCoresInUse(const json& in_use, bool measured, std::vector<NeuronCoreUse>& cores) {
    for (const auto& [name, counters] : in_use.items()) {
      const std::optional<int64_t> core = Index(name);
      if (!core) continue;
      cores.push_back({*core, measured ? Utilization(counters) : std::nullopt, -1});
    }
  }

  // Of a logical core. One of two physical ones also lists those; their mean is the same number.
  std::optional<double> Utilization(const json& counters) {
    if (const json* value = NeuronMember(counters, "neuroncore_utilization")) {
      if (value->is_number()) return value->get<double>() / kNeuronPercent;
    }
    double sum = 0;
    int64_t count = 0;
    if (const json* physical = NeuronMember(counters, "v3d"); physical && physical->is_object()) {
      for (const auto& [name, core] : physical->items()) {
        const json* value = NeuronMember(core, "neuroncore_utilization");
        if (value == nullptr || !value->is_number()) return Missing();
        sum += value->get<double>();
        ++count;
      }
    }
    if (count == 0) return Missing();
    return sum / static_cast<double>(count) / kNeuronPercent;
  }

  std::optional<double> Missing() {
    ++report_.bad_values;
    return std::nullopt;
  }

  // Bytes by core.
  std::map<int64_t, int64_t> ReadMemory(const json& report) {
    std::map<int64_t, int64_t> memory;
    const json* section = NeuronMember(report, "memory_used");
    if (section == nullptr || Failed(*section, "memory_used")) return memory;
    for (const char* key :
         {"neuron_runtime_used_bytes", "usage_breakdown", "neuroncore_memory_usage"}) {
      section = NeuronMember(*section, key);
      if (section == nullptr) return memory;
    }
    if (!section->is_object()) return memory;
    for (const auto& [name, usages] : section->items()) {
      const std::optional<int64_t> core = Index(name);
      if (!core || !usages.is_object()) continue;
      int64_t& bytes = memory[*core];
      for (const auto& [usage, value] : usages.items()) {
        if (value.is_number_unsigned()) bytes += value.get<int64_t>();
      }
    }
    return memory;
  }

  static void AddMemory(int64_t core, int64_t bytes, bool listed,
                        std::vector<NeuronCoreUse>& cores) {
    for (NeuronCoreUse& use : cores) {
      if (use.core == core) use.memory_bytes = bytes;
    }
    if (!listed) cores.push_back({core, std::nullopt, bytes});
  }

  void ReadErrors(const json& section) {
    if (Failed(section, "neuron_hw_counters")) return;
    const json* devices = NeuronMember(section, "neuron_devices");
    if (devices == nullptr || !devices->is_array()) return;
    for (const json& device : *devices) {
      const std::optional<int64_t> index = Whole(device, "neuron_device_index");
      const std::optional<int64_t> memory = Whole(device, "mem_ecc_uncorrected");
      const std::optional<int64_t> sram = Whole(device, "sram_ecc_uncorrected");
      if (!index || (!memory && !sram)) continue;
      report_.uncorrected_errors[*index] = memory.value_or(0) + sram.value_or(0);
    }
  }

  void ReadPods(const json& section) {
    if (!section.is_object() || Failed(section, "neuron_k8s_info")) return;
    report_.tells_pods = true;
    ReadPodsBy(section, "neuroncores_k8s_info", report_.pods_of_cores);
    ReadPodsBy(section, "neurondevices_k8s_info", report_.pods_of_devices);
  }

  void ReadPodsBy(const json& section, const char* key, std::map<int64_t, NeuronPod>& pods) {
    const json* by_index = NeuronMember(section, key);
    if (by_index == nullptr || !by_index->is_object()) return;
    for (const auto& [name, from] : by_index->items()) {
      const std::optional<int64_t> index = Index(name);
      NeuronPod pod{NeuronText(from, "namespace"), NeuronText(from, "pod_name"), {}};
      if (!index || pod.name.empty()) continue;
      if (const json* containers = NeuronMember(from, "container_name")) {
        for (const json& container : *containers) {
          if (container.is_string()) pod.containers.push_back(container.get<std::string>());
        }
      }
      pods[*index] = std::move(pod);
    }
  }

  NeuronReport& report_;
};

}  // namespace

absl::StatusOr<NeuronReport> ParseNeuronJson(std::string_view text) {
  json root = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded()) root = json::parse(NanAsNull(text), nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) {
    return absl::InvalidArgumentError(fmt::format(
        "holds {} bytes that are no JSON object; expected one of neuron-monitor's", text.size()));
  }
  if (!root.contains("neuron_runtime_data") && !root.contains("neuron_hardware_info")) {
    return absl::InvalidArgumentError(
        "has neither neuron_runtime_data nor neuron_hardware_info; expected an object of "
        "neuron-monitor's");
  }
  NeuronReport report;
  NeuronJsonReader(report).ReadAll(root);
  return report;
}

}  // namespace fleetmeter::collector
