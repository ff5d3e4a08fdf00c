// The JSON form of neuron-ls.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "collectors/live/neuron/neuron_report.h"

namespace fleetmeter::collector {
namespace {

using nlohmann::json;

constexpr size_t kMostNeuronLsText = 256;
constexpr int64_t kMostNeuronLsDevices = 1'024;
constexpr int64_t kMostNeuronLsCores = 64;  // of a chip
// They open chips to look at them.
constexpr auto kNeuronTools =
    std::to_array<std::string_view>({"neuron-ls", "neuron-monitor", "neuron-top"});

// A whole number of at least 0.
std::optional<int64_t> NeuronLsNumber(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto number = found->get<uint64_t>();
  return number <= INT64_MAX ? std::optional(static_cast<int64_t>(number)) : std::nullopt;
}

std::string NeuronLsText(const json& object, const char* key) {
  const auto found = object.find(key);
  const bool is_text = found != object.end() && found->is_string();
  return is_text ? found->get<std::string>().substr(0, kMostNeuronLsText) : std::string();
}

bool IsNeuronTool(const std::string& command) {
  const std::string program = command.substr(0, command.find(' '));
  const std::string name = program.substr(program.rfind('/') + 1);
  return std::find(kNeuronTools.begin(), kNeuronTools.end(), name) != kNeuronTools.end();
}

// Walks the list and counts what it cannot use.
class NeuronLsReader {
 public:
  void Take(const json& device) {
    const auto index = device.is_object() ? NeuronLsNumber(device, "neuron_device") : std::nullopt;
    if (!index || *index >= kMostNeuronLsDevices) {
      ++report_.bad_values;
      return;
    }
    highest_ = std::max(highest_, *index);
    if (report_.instance_type.empty()) {
      report_.instance_type = NeuronLsText(device, "instance_type");
    }
    TakeSize(device);
    const auto processes = device.find("neuron_processes");
    // Go prints an empty list as null.
    hides_processes_ = hides_processes_ || (processes == device.end() ||
                                            !(processes->is_array() || processes->is_null()));
    if (processes == device.end() || !processes->is_array()) return;
    for (const json& process : *processes) TakeProcess(process, CoresOf(*index));
  }

  NeuronReport Finish() {
    if (highest_ >= 0) report_.devices = highest_ + 1;
    report_.tells_runtimes = true;
    for (auto& [pid, runtime] : runtimes_) report_.runtimes.push_back(std::move(runtime));
    if (hides_processes_) report_.runtimes.emplace_back();  // of which nothing is known
    return std::move(report_);
  }

 private:
  void TakeSize(const json& device) {
    if (!report_.device_memory_bytes) {
      report_.device_memory_bytes = NeuronLsNumber(device, "memory_size");
    }
    if (!report_.logical_config) {
      report_.logical_config = NeuronLsNumber(device, "logical_neuroncore_config");
    }
    const auto ids = device.find("neuroncore_ids");
    if (report_.cores_per_device) return;
    // Of several physical cores to a logical one, the ids are logical and so is their number.
    if (ids != device.end() && ids->is_array() && !ids->empty()) {
      report_.cores_per_device = static_cast<int64_t>(ids->size());
    } else {
      report_.cores_per_device = NeuronLsNumber(device, "nc_count");
    }
  }

  // Which of a chip's cores a process has opened is not told.
  std::vector<int64_t> CoresOf(int64_t index) const {
    std::vector<int64_t> cores;
    const int64_t each =
        std::clamp<int64_t>(report_.cores_per_device.value_or(1), 1, kMostNeuronLsCores);
    for (int64_t i = 0; i < each; ++i) cores.push_back(index * each + i);
    return cores;
  }

  void TakeProcess(const json& process, const std::vector<int64_t>& cores) {
    const auto pid = process.is_object() ? NeuronLsNumber(process, "pid") : std::nullopt;
    if (!pid) {
      ++report_.bad_values;
      return;
    }
    if (IsNeuronTool(NeuronLsText(process, "command"))) return;
    NeuronRuntime& runtime = runtimes_[*pid];
    runtime.pid = *pid;
    runtime.tag = std::to_string(*pid);
    if (!runtime.cores) runtime.cores.emplace();
    for (const int64_t core : cores) runtime.cores->push_back({core, std::nullopt, -1});
  }

  NeuronReport report_;
  std::map<int64_t, NeuronRuntime> runtimes_;
  int64_t highest_ = -1;
  bool hides_processes_ = false;  // some chip has no list of them
};

}  // namespace

absl::StatusOr<NeuronReport> ParseNeuronLs(std::string_view text) {
  const json root = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_array()) {
    return absl::InvalidArgumentError(fmt::format(
        "holds {} bytes that are no JSON list; expected what neuron-ls -j prints", text.size()));
  }
  NeuronLsReader reader;
  for (const json& device : root) reader.Take(device);
  NeuronReport report = reader.Finish();
  if (!report.devices) {
    return absl::InvalidArgumentError(
        "has no member neuron_device in its list; expected what neuron-ls -j prints");
  }
  return report;
}

}  // namespace fleetmeter::collector
