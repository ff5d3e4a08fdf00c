#include "collectors/live/tpu/tpu_chips.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace fleetmeter::collector {
namespace {

using tpu::monitoring::runtime::Metric;

constexpr double kFullPercent = 100;
constexpr size_t kMostTpuRemarks = 10;

constexpr auto kGenerations = std::to_array<TpuGeneration>({
    {"v2", "TPU v2", 2, true},
    {"v3", "TPU v3", 2, true},
    {"v4", "TPU v4", 1, false},  // its two cores are one device
    {"v5e", "TPU v5e", 1, false},
    {"v5p", "TPU v5p", 1, false},
    {"v6e", "TPU v6e", 1, false},
    {"v7x", "TPU v7x", 2, false},
});

std::optional<int64_t> DeviceNumberOf(const Metric& metric) {
  const auto& value = metric.attribute().value();
  const int64_t most = kMostTpuChips * 2;
  if (value.has_int_attr() && value.int_attr() >= 0 && value.int_attr() < most) {
    return value.int_attr();
  }
  return std::nullopt;
}

std::optional<double> ValueOf(const Metric& metric) {
  if (metric.has_gauge()) {
    const auto& gauge = metric.gauge();
    if (gauge.has_as_double()) return gauge.as_double();
    if (gauge.has_as_int()) return static_cast<double>(gauge.as_int());
  }
  if (metric.has_counter()) {
    const auto& counter = metric.counter();
    if (counter.has_as_double()) return counter.as_double();
    if (counter.has_as_int()) return static_cast<double>(counter.as_int());
  }
  return std::nullopt;
}

// One chip, while what is said of it is collected.
struct TpuChip {
  std::vector<std::optional<Micro>> activities;  // of its devices, or one of itself
  size_t expected = 1;                           // of them
  std::optional<double> memory_used;
  double memory_total = 0;  // of the devices of which both are known
  bool contested = false;   // by several runtimes
};

class TpuChips {
 public:
  TpuChips(const TpuHost& host, Observation& observation)
      : host_(host), observation_(observation) {}

  void Add(const TpuRuntime& runtime) {
    std::map<int64_t, TpuChip> chips;
    for (const auto& [device, total] : runtime.memory_total) {
      TpuChip& chip = chips[device / host_.generation->devices_a_chip];
      const auto used = runtime.memory_used.find(device);
      if (used == runtime.memory_used.end()) continue;
      chip.memory_used = chip.memory_used.value_or(0) + used->second;
      chip.memory_total += total;
    }
    if (runtime.duty_percent) AddDuty(runtime, chips);
    for (auto& [index, chip] : chips) Take(index, chip);
  }

  // Chips from 0 to `count`, also those that no runtime names.
  void AddUpTo(int64_t count, bool idle) {
    for (int64_t index = 0; index < count; ++index) {
      const auto [chip, is_new] = chips_.try_emplace(index);
      if (is_new && idle) chip->second.activities = {0};
    }
  }

  bool empty() const { return chips_.empty(); }

  HostReading Make() {
    HostReading reading;
    reading.host = host_.host;
    reading.listing = host_.chips ? Listing::kAll : Listing::kSome;
    for (const auto& [index, chip] : chips_) reading.devices.push_back(DeviceOf(index, chip));
    return reading;
  }

 private:
  void AddDuty(const TpuRuntime& runtime, std::map<int64_t, TpuChip>& chips) {
    const TpuValues& duty = *runtime.duty_percent;
    const int64_t devices = host_.generation->devices_a_chip;
    const bool of_chips =
        devices > 1 && (runtime.memory_total.empty() ? host_.generation->duty_of_chips
                                                     : duty.size() * static_cast<size_t>(devices) ==
                                                           runtime.memory_total.size());
    // A value for a chip may carry the number of the chip or that of its first device.
    const int64_t named = static_cast<int64_t>(runtime.memory_total.size()) / devices;
    const int64_t count = host_.chips.value_or(named);
    const bool by_chip = of_chips && std::all_of(duty.begin(), duty.end(), [&](const auto& value) {
                           return value.first < std::max(count, static_cast<int64_t>(duty.size()));
                         });
    for (const auto& [device, percent] : duty) {
      TpuChip& chip = chips[by_chip ? device : device / devices];
      chip.expected = of_chips ? 1 : static_cast<size_t>(devices);
      chip.activities.push_back(TakeMicro(percent, kFullPercent, &observation_.counts.readings));
    }
  }

  // Two programs do not share a chip; if two speak of one, one of them is mistaken.
  void Take(int64_t index, const TpuChip& chip) {
    const auto [known, is_new] = chips_.try_emplace(index, chip);
    if (is_new) return;
    ++observation_.counts.duplicate_devices;
    if (known->second.activities != chip.activities) known->second.contested = true;
  }

  static std::optional<Micro> ActivityOf(const TpuChip& chip) {
    if (chip.contested || chip.activities.size() != chip.expected) return std::nullopt;
    Micro sum = 0;
    for (const auto& activity : chip.activities) {
      if (!activity) return std::nullopt;
      sum += *activity;
    }
    return sum / static_cast<Micro>(chip.expected);
  }

  DeviceReading DeviceOf(int64_t index, const TpuChip& chip) {
    DeviceReading device;
    device.index = static_cast<uint32_t>(index);
    device.model = host_.generation->model;
    device.kind = host_.kind;
    DevicePart& part = device.parts.front();
    part.activity = ActivityOf(chip);
    if (part.activity) part.signal = kTpuDutyCycle;
    if (chip.memory_used && chip.memory_total > 0) {
      part.memory = TakeMicro(*chip.memory_used, chip.memory_total, &observation_.counts.readings);
    }
    return device;
  }

  const TpuHost& host_;
  Observation& observation_;
  std::map<int64_t, TpuChip> chips_;
};

// Whether every chip that no runtime names is known to be used by nobody.
bool AllAreHeard(const std::vector<TpuRuntime>& runtimes) {
  return std::all_of(runtimes.begin(), runtimes.end(), [](const TpuRuntime& runtime) {
    if (runtime.state == TpuRuntime::State::kNone) return true;
    if (runtime.state == TpuRuntime::State::kFailed) return false;
    return runtime.duty_percent || !runtime.memory_total.empty();
  });
}

}  // namespace

const TpuGeneration* FindTpuGeneration(std::string_view name) {
  const auto* found =
      std::find_if(kGenerations.begin(), kGenerations.end(),
                   [&](const TpuGeneration& generation) { return generation.name == name; });
  return found == kGenerations.end() ? nullptr : found;
}

TpuValues ReadTpuValues(const tpu::monitoring::runtime::TPUMetric& metric,
                        Observation& observation) {
  TpuValues values;
  for (const Metric& one : metric.metrics()) {
    const auto device = DeviceNumberOf(one);
    const auto value = ValueOf(one);
    if (device && value && values.emplace(*device, *value).second) continue;
    ++observation.counts.bad_lines;
    if (observation.remarks.size() >= kMostTpuRemarks) continue;
    observation.remarks.push_back(fmt::format(
        "a value of {} has {}; expected the number of a device, once, and a gauge", metric.name(),
        !device  ? "no device"
        : !value ? "no number"
                 : "the device of another one"));
  }
  return values;
}

absl::Status AddTpuHost(const TpuHost& host, const std::vector<TpuRuntime>& runtimes,
                        Observation& observation) {
  TpuChips chips(host, observation);
  for (const TpuRuntime& runtime : runtimes) {
    if (runtime.state == TpuRuntime::State::kAnswered) chips.Add(runtime);
  }
  chips.AddUpTo(host.chips.value_or(0), host.idle_without_runtime && AllAreHeard(runtimes));
  if (chips.empty()) {
    return absl::NotFoundError(
        "no program names a chip; expected the key chips, or TPUs among the devices of PCI");
  }
  observation.hosts.push_back(chips.Make());
  return absl::OkStatus();
}

}  // namespace fleetmeter::collector
