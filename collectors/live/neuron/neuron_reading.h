// From what neuron-monitor says to chips, their holders, activity and health. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "collectors/device/device_reading.h"
#include "collectors/live/neuron/neuron_layout.h"
#include "collectors/live/neuron/neuron_report.h"

namespace fleetmeter::collector {

// NeuronCores that were busy, as a part of the time.
inline constexpr char kNeuronSignal[] = "neuroncore_utilization";

struct NeuronSettings {
  NeuronLayoutSettings layout;
  // Whether a core that no runtime has opened is free. False where a scheduler is joined, which
  // also knows of those that hold chips and do not use them.
  bool free_without_runtime = true;
};

// Adds what this machine knows of the process of a runtime to its attributes, and may name it.
using DescribeNeuronProcess = std::function<void(int64_t pid, Holder& holder)>;

// Unavailable: the chips cannot be seen. InvalidArgument: their number is not known.
absl::StatusOr<Observation> ReadNeuron(const NeuronReport& report, const NeuronSettings& settings,
                                       const std::string& host,
                                       const DescribeNeuronProcess& describe);

// Health by uncorrected memory errors. A chip is broken from the look at which its counter has
// grown since the look before, until the counter falls (the driver was loaded anew, or the machine
// restarted) or nothing was added for `kept_for_nanos`. What was counted before the first look says
// nothing about now.
class NeuronErrorWatch {
 public:
  explicit NeuronErrorWatch(int64_t kept_for_nanos) : kept_for_nanos_(kept_for_nanos) {}

  // Devices of `host` are those of the report, in its numbers.
  void Judge(const NeuronReport& report, int64_t monotonic_nanos, HostReading& host);

 private:
  struct Seen {
    int64_t count = 0;
    int64_t broken_until = 0;  // 0: it is not
    int64_t grown_by = 0;      // since it was last fit
  };

  const int64_t kept_for_nanos_;
  std::map<int64_t, Seen> seen_;
};

}  // namespace fleetmeter::collector
