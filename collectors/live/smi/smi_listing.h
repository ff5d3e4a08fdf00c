// What a command-line tool of a vendor says of the chips of one machine, in one form for all tools,
// and the observation that comes of it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/device/device_reading.h"
#include "collectors/live/nvml/nvml_device.h"

namespace fleetmeter::collector {

// More is no machine.
inline constexpr size_t kMostSmiDevices = 1'024;

struct SmiListing {
  // The form of the nvml source holds what other vendors' tools say as well.
  std::vector<NvmlDevice> devices;
  std::string signal;  // of their utilization
  // Whether the places in the list are the places on the host.
  bool knows_indexes = true;
  // Whether these are all chips of the host.
  bool is_whole = true;
  std::map<int64_t, std::string> process_names;
  std::vector<std::string> remarks;
};

struct SmiOptions {
  std::string host;
  std::string model;  // of chips that the tool does not name the model of
  bool free_without_process = false;
};

using SmiHolderOf = std::function<Holder(int64_t pid, const std::string& name)>;

Observation ObserveSmi(const SmiListing& listing, const SmiOptions& options,
                       const SmiHolderOf& holder_of);

// The number of "98 %", "1032 MiB" and "0.5"; `unit` then is what stands behind it. Nothing: "N/A",
// "[Not Supported]", NaN, or no number at all.
std::optional<double> SmiNumber(std::string_view text, std::string_view* unit = nullptr);

// Both of one unit, and not below 0; nothing if one of them is not.
std::optional<NvmlMemoryUse> SmiMemory(std::string_view used, std::string_view total);

// Without blanks at its ends. Empty: the tool has no value ("N/A", "[Not Supported]"), or it is
// longer than 256 bytes, or no printable UTF-8.
std::string SmiText(std::string_view text);

// Whether the tool says that the chip is gone: "[GPU is lost]", "[GPU requires reset]".
bool SaysSmiLost(std::string_view text);

}  // namespace fleetmeter::collector
