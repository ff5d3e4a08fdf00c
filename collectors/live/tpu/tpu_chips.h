// From what libtpu says of its devices to the chips of a host. Pure.
//
// A chip is one device or two, by its generation. Some generations measure the duty cycle of each
// device, and others of each chip; memory is always of each device.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/device/device_reading.h"
#include "peers/libtpu_runtime_metrics.pb.h"

namespace fleetmeter::collector {

// What measured the activity: the share of time in which the chip executed something.
inline constexpr char kTpuDutyCycle[] = "duty_cycle";
inline constexpr int64_t kMostTpuChips = 256;  // of a host

struct TpuGeneration {
  std::string_view name;   // "v5e"
  std::string_view model;  // as ChipKinds knows it: "TPU v5e"
  int64_t devices_a_chip = 1;
  bool duty_of_chips = false;  // where chips have several devices: one value for each chip
};

// Null: there is no such generation.
const TpuGeneration* FindTpuGeneration(std::string_view name);

// Values by the device's number.
using TpuValues = std::map<int64_t, double>;

// One runtime: a program on this host that uses some chips.
struct TpuRuntime {
  enum class State {
    kNone,      // nobody listens at its address
    kAnswered,  // the values are what it said
    kFailed,    // it may use chips, and nobody knows which
  };
  State state = State::kNone;
  std::optional<TpuValues> duty_percent;  // nothing: it does not support the metric
  TpuValues memory_used;                  // bytes
  TpuValues memory_total;
};

struct TpuHost {
  std::string host;
  const TpuGeneration* generation = nullptr;
  std::optional<int64_t> chips;  // nothing: those that runtimes name
  std::string kind;              // of the catalog; empty: by the model
  // Chips that no program uses are idle. False: they are not measured, since programs may run where
  // their ports cannot be reached.
  bool idle_without_runtime = true;
};

// Values of a metric. What cannot be read is counted, and leaves its device out.
TpuValues ReadTpuValues(const tpu::monitoring::runtime::TPUMetric& metric,
                        Observation& observation);

// Adds the host. NotFound: how many chips it has is not known, since no program names any.
absl::Status AddTpuHost(const TpuHost& host, const std::vector<TpuRuntime>& runtimes,
                        Observation& observation);

}  // namespace fleetmeter::collector
