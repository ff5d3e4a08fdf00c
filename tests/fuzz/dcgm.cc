// Pages of dcgm-exporter.
#include "collectors/live/dcgm/page.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {
namespace {

void CheckPart(const collector::DevicePart& part) {
  using collector::kOne;
  Require(part.share >= 0 && part.share <= kOne, "a part is at most a chip");
  Require(part.activity.has_value() == !part.signal.empty(), "an activity has its signal");
  Require(part.activity || !part.productive, "only what is active is productive");
  for (const auto& ratio : {part.activity, part.productive, part.memory}) {
    Require(!ratio || (*ratio >= 0 && *ratio <= kOne), "a ratio is from 0 to 1");
  }
}

}  // namespace

void RunDcgmPage(std::string_view bytes) {
  collector::dcgm::PageOptions options;
  options.host = "this-host";
  options.broken_xids = {79};
  collector::dcgm::PageMemory memory;
  const auto observation = collector::dcgm::ReadPage(bytes, false, options, memory);
  if (!observation.ok()) {
    Require(observation.status().message().find("expected") != absl::string_view::npos,
            "an error says what was expected");
    return;
  }
  for (const collector::HostReading& host : observation->hosts) {
    Require(!host.host.empty() && !host.devices.empty(), "a host has a name and chips");
    for (const collector::DeviceReading& device : host.devices) {
      collector::Micro sum = 0;
      for (const collector::DevicePart& part : device.parts) {
        CheckPart(part);
        sum += part.share;
      }
      Require(!device.parts.empty() && sum <= collector::kOne, "parts are at most a chip");
    }
  }
}

}  // namespace fleetmeter::fuzz
