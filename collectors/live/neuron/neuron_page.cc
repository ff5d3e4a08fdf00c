// The Prometheus form of neuron-monitor.
#include <algorithm>
#include <cmath>
#include <utility>

#include "collectors/exposition/exposition.h"
#include "collectors/live/neuron/neuron_report.h"
#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

constexpr char kNeuronMemoryPrefix[] = "neuroncore_memory_usage_";
// Counters are doubles there; a larger one is no count.
constexpr double kMostNeuronCount = 1e15;

// False for NaN.
bool IsNeuronCount(double value) { return value >= 0 && value < kMostNeuronCount; }

std::optional<int64_t> NeuronIndexLabel(const Sample& sample, std::string_view name) {
  const auto text = sample.Label(name);
  const auto index = text ? ParseInteger(*text) : std::nullopt;
  return index && *index >= 0 ? index : std::nullopt;
}

class NeuronPageReader {
 public:
  explicit NeuronPageReader(NeuronReport& report) : report_(report) {}

  void Take(const Sample& sample) {
    if (sample.name == "instance_info") {
      found_ = true;
    } else if (sample.name == "neuron_hardware_info") {
      found_ = true;
      report_.devices = NeuronIndexLabel(sample, "neuron_device_count");
      report_.cores_per_device = NeuronIndexLabel(sample, "neuroncore_per_device_count");
    } else if (sample.name == "neuroncore_utilization_ratio") {
      found_ = true;
      TakeCore(sample);
    } else if (sample.name.starts_with(kNeuronMemoryPrefix)) {
      TakeMemory(sample);
    } else if (sample.name == "hardware_ecc_events_total") {
      found_ = true;
      TakeErrors(sample);
    }
    const auto type = sample.AnyLabel({"instance_type"});
    if (type && report_.instance_type.empty()) report_.instance_type = std::string(*type);
  }

  bool found() const { return found_; }

  void Finish() {
    report_.tells_runtimes = true;  // without a runtime there are no such series
    DoubtSharedCores();
    for (auto& [tag, cores] : runtimes_) {
      NeuronRuntime& runtime = report_.runtimes.emplace_back();
      runtime.tag = tag;
      runtime.cores.emplace();
      for (auto& [core, use] : cores) {
        if (use.core >= 0) runtime.cores->push_back(use);
      }
    }
  }

 private:
  // The page keeps series of runtimes that have ended as long as another one runs. So which of
  // several runtimes of a core measures it is not known.
  void DoubtSharedCores() {
    std::map<int64_t, int> runtimes_of;
    for (const auto& [tag, cores] : runtimes_) {
      for (const auto& [core, use] : cores) runtimes_of[core] += use.core >= 0 ? 1 : 0;
    }
    for (auto& [tag, cores] : runtimes_) {
      for (auto& [core, use] : cores) {
        if (runtimes_of[core] > 1) use.utilization.reset();
      }
    }
    const bool shared = std::any_of(runtimes_of.begin(), runtimes_of.end(),
                                    [](const auto& entry) { return entry.second > 1; });
    if (!shared) return;
    report_.remarks.emplace_back(
        "several runtimes name one core, of which some may have ended; expected one, so the core "
        "is not measured");
  }

  NeuronCoreUse* UseOf(const Sample& sample) {
    const std::optional<int64_t> core = NeuronIndexLabel(sample, "neuroncore");
    if (!core) {
      ++report_.bad_values;
      return nullptr;
    }
    const std::string tag(sample.AnyLabel({"runtime_tag", "exported_runtime_tag"}).value_or(""));
    return &runtimes_[tag].try_emplace(*core, NeuronCoreUse{-1, std::nullopt, -1}).first->second;
  }

  void TakeCore(const Sample& sample) {
    NeuronCoreUse* use = UseOf(sample);
    if (use == nullptr) return;
    use->core = *NeuronIndexLabel(sample, "neuroncore");
    use->utilization = sample.value;
  }

  void TakeMemory(const Sample& sample) {
    NeuronCoreUse* use = UseOf(sample);
    if (use == nullptr || !IsNeuronCount(sample.value)) return;
    use->memory_bytes = std::max<int64_t>(use->memory_bytes, 0) + std::llround(sample.value);
  }

  void TakeErrors(const Sample& sample) {
    const auto type = sample.Label("event_type");
    if (!type || !type->ends_with("uncorrected")) return;
    const std::optional<int64_t> device = NeuronIndexLabel(sample, "neuron_device_index");
    if (!device || !IsNeuronCount(sample.value)) {
      ++report_.bad_values;
      return;
    }
    report_.uncorrected_errors[*device] += std::llround(sample.value);
  }

  NeuronReport& report_;
  bool found_ = false;
  // By tag and core. A use whose core is -1 is known by its memory only.
  std::map<std::string, std::map<int64_t, NeuronCoreUse>> runtimes_;
};

}  // namespace

absl::StatusOr<NeuronReport> ParseNeuronPage(std::string_view page) {
  NeuronReport report;
  NeuronPageReader reader(report);
  const ExpositionResult parsed =
      ParseExposition(page, [&](const Sample& sample) { reader.Take(sample); });
  if (!reader.found()) {
    return absl::InvalidArgumentError(
        "has no series of neuron-monitor; expected neuroncore_utilization_ratio or instance_info");
  }
  report.bad_values += parsed.bad_lines;
  report.remarks = parsed.complaints;
  reader.Finish();
  return report;
}

}  // namespace fleetmeter::collector
