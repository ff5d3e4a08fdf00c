// Which TPUs this machine has, by its PCI devices. For machines on which no program runs that would
// say so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fleetmeter::collector {

struct PciTpus {
  std::string generation;  // "v5e"
  int64_t chips = 0;
};

// `sysfs`: "/sys". Nothing: it has none, or the folder cannot be read.
std::optional<PciTpus> FindPciTpus(const std::string& sysfs);

}  // namespace fleetmeter::collector
