// What neuron-monitor says at one instant, whichever form it came in: one JSON object, or a page of
// its Prometheus exporter; and what neuron-ls says. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fleetmeter::collector {

// One NeuronCore that a runtime has opened. Its number is the host's, of logical cores.
struct NeuronCoreUse {
  int64_t core = 0;
  std::optional<double> utilization;  // 1 is fully busy; nothing: not measured
  int64_t memory_bytes = -1;          // -1: not told
};

// One process that has opened cores.
struct NeuronRuntime {
  int64_t pid = 0;  // 0: not told
  std::string tag;  // of NEURON_PROCESS_TAG, else the pid as text
  // Nothing: an error hides which cores it has, so that no other core is known to be free.
  std::optional<std::vector<NeuronCoreUse>> cores;
};

struct NeuronPod {
  std::string space;  // the namespace
  std::string name;
  std::vector<std::string> containers;
};

struct NeuronReport {
  std::string instance_type;  // "trn2.48xlarge"; empty: not told
  std::string device_type;    // "trainium2"; likewise
  std::optional<int64_t> devices;
  std::optional<int64_t> cores_per_device;  // logical ones
  std::optional<int64_t> logical_config;    // physical cores to a logical one: 1 or 2
  std::optional<int64_t> device_memory_bytes;
  std::string hardware_error;  // not empty: chips cannot be seen

  // False: the section is missing, so that nothing is known of use.
  bool tells_runtimes = false;
  std::vector<NeuronRuntime> runtimes;

  // Uncorrected errors of memories by device, as counted. A device whose counters are missing is
  // left out.
  std::map<int64_t, int64_t> uncorrected_errors;

  // Which pod holds a core or a device, where the monitor was told to find out.
  bool tells_pods = false;
  std::map<int64_t, NeuronPod> pods_of_cores;
  std::map<int64_t, NeuronPod> pods_of_devices;

  int64_t bad_values = 0;            // of a wrong type or out of range
  std::vector<std::string> remarks;  // what a section says of its error, at most a few
};

// One JSON object. InvalidArgument says what it is not.
absl::StatusOr<NeuronReport> ParseNeuronJson(std::string_view text);

// What `neuron-ls --json-output` prints: the chips, and which processes have opened them. It
// measures nothing. InvalidArgument says what it is not.
absl::StatusOr<NeuronReport> ParseNeuronLs(std::string_view text);

// A page of neuron-monitor-prometheus. InvalidArgument: nothing on it is the monitor's.
absl::StatusOr<NeuronReport> ParseNeuronPage(std::string_view page);

}  // namespace fleetmeter::collector
