// Which chips a machine of AWS has, and how its NeuronCores lie on them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/live/neuron/neuron_report.h"

namespace fleetmeter::collector {

struct NeuronLayout {
  int64_t devices = 0;
  int64_t cores_per_device = 0;     // logical ones, which use is told by
  std::string model;                // "trainium2", for ChipKinds
  int64_t device_memory_bytes = 0;  // 0: not known
};

// What a configuration says where the monitor does not, or says it wrongly.
struct NeuronLayoutSettings {
  std::string instance_type;              // empty: as the monitor says
  std::optional<int64_t> logical_config;  // 1 or 2 physical cores to a logical one
};

// By what the monitor counts; the table of instance types says the rest, and a remark says where
// both differ. InvalidArgument: the number of chips or cores is not known.
absl::StatusOr<NeuronLayout> LayOutNeuron(const NeuronReport& report,
                                          const NeuronLayoutSettings& settings,
                                          std::vector<std::string>& remarks);

}  // namespace fleetmeter::collector
