#include "collectors/live/observation_limits.h"

#include <fmt/format.h>

#include <string>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

absl::Status TooMany(const std::string& whose, size_t count, const char* what, size_t most) {
  return absl::ResourceExhaustedError(
      fmt::format("{} has {} {}; expected at most {}", whose, count, what, most));
}

absl::Status CheckChipLimits(const HostReading& host, const DeviceReading& device) {
  const auto name = [&] {
    return fmt::format("chip {} of {}", AsciiQuoted(DeviceLabel(device)), AsciiQuoted(host.host));
  };
  if (device.parts.size() > kMostPartsOfChip) {
    return TooMany(name(), device.parts.size(), "parts", kMostPartsOfChip);
  }
  for (const DevicePart& part : device.parts) {
    if (part.holders.size() > kMostHoldersOfPart) {
      return TooMany(name(), part.holders.size(), "holders", kMostHoldersOfPart);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckObservationLimits(const Observation& observation) {
  for (const HostReading& host : observation.hosts) {
    if (host.devices.size() > kMostChipsOfHost) {
      return TooMany("host " + AsciiQuoted(host.host), host.devices.size(), "chips",
                     kMostChipsOfHost);
    }
    for (const DeviceReading& device : host.devices) {
      if (absl::Status status = CheckChipLimits(host, device); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter::collector
