// What the sources of a round say of one host and of one chip, before it is merged. Pure.
#pragma once

#include <utility>
#include <vector>

#include "collectors/join/join_hosts.h"

namespace fleetmeter::collector {

// A round may have so many remarks of one kind.
inline constexpr size_t kMostJoinRemarks = 20;

struct Saying {
  const SourceReading* source = nullptr;
  Listing listing = Listing::kAll;
  DeviceReading device;
  // The source lists parts of chips that it cannot name, so that a chip that it does not list may
  // have some of them: it has said nothing of this chip that others could disagree with.
  bool vague = false;
};

struct DeviceSayings {
  std::vector<Saying> by;  // at most one a source
};

struct HostSayings {
  std::vector<std::pair<const SourceReading*, Listing>> sources;
  std::vector<DeviceSayings> devices;
};

inline bool IsLoose(const Saying& saying) { return saying.device.part_of_unknown_chip; }

}  // namespace fleetmeter::collector
