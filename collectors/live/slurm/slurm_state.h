// What Slurm's states mean for a meter. Pure.
//
//   DOWN ERROR                                              broken
//   UNKNOWN FUTURE DRAIN FAIL NOT_RESPONDING INVALID_REG
//   POWERED_DOWN POWERING_DOWN POWER_DOWN POWER_DRAIN
//   REBOOT_ISSUED                                           takes no new work: what is free of it
//   is
//                                                           unhealthy
//   RESERVED MAINTENANCE BLOCKED, and PLANNED               withheld: what is free of it is
//   reserved IDLE MIXED ALLOCATED with any other flag                fit
//
// The first row that applies decides. A word that is not known is not fit either: a state that a
// later version adds must not look like headroom.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/device/device_reading.h"

namespace fleetmeter::collector {

// "IDLE+DRAIN", "mixed*", "drng~" and "planned-" as upper-case words: a short form becomes the long
// one, and a suffix the flag that it stands for.
std::vector<std::string> SplitSlurmNodeState(std::string_view text);

struct SlurmFitness {
  Fitness fitness = Fitness::kFit;
  std::string states;   // "idle, drain", for people
  std::string unknown;  // a word that is not known
};
// `planned_is_free`: what backfill has promised to a job counts as free.
SlurmFitness FitnessOfSlurmNode(const std::vector<std::string>& states, bool planned_is_free);

// "RUNNING", "R", "CANCELLED by 1000" as upper-case words.
std::vector<std::string> SplitSlurmJobState(std::string_view text);

// Suspended and completing jobs hold their GPUs, too.
bool SlurmJobHolds(const std::vector<std::string>& states);
bool SlurmJobWaits(const std::vector<std::string>& states);

// Whether a reason says that a job could not start if all chips were free: it is held, waits for
// another job or a time, or its array has a limit of its own.
bool SlurmJobWaitsForOther(std::string_view reason);

}  // namespace fleetmeter::collector
