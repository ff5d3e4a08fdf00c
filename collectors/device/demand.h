// Work that waits for chips, as a scheduler tells it. Plain values; nothing here reads anything.
//
// A source that knows all that waits sets Observation::tells_demand, names its scheduler, and lists
// one DemandReading for each job, or for each set of jobs that are alike (the tasks of an array).
#pragma once

#include <cstdint>
#include <string>

#include "collectors/device/holder.h"

namespace fleetmeter::collector {

struct DemandReading {
  // Who waits, with the same attributes as one that holds chips: the same rules take it.
  Holder holder;
  // As the scheduler names the kind of chip that is asked for: "h100", "nvidia_a100-sxm4-80gb".
  // Empty: any kind will do, or the scheduler does not say.
  std::string model;
  std::string kind;  // of the catalog; ChipKinds (chip_kinds.h) finds it by the model
  // Whole chips that the requests together ask for, more than 0.
  int64_t chips = 0;
  int64_t requests = 1;  // jobs or pods that this stands for, more than 0
  // Since when the requests could run but for the want of chips. 0: not told. Of several requests
  // the source lists each, or those of about one time together.
  int64_t waits_since_unix_nanos = 0;
  std::string reason;  // as the scheduler names it: "Resources", "Priority"; empty: not told
};

}  // namespace fleetmeter::collector
