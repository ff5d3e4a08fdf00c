// What a scheduler's queue is on the wire: the only place where waiting work becomes part of a
// report. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "collectors/device/device_reading.h"
#include "collectors/device/host_report.h"

namespace fleetmeter::collector {

// All that waits at one scheduler. Readings are attributed, and kinds are named.
struct SchedulerDemand {
  std::string scheduler;        // its name; not empty
  std::set<std::string> pools;  // that it hands out chips for
  std::vector<DemandReading> waiting;
};

// Of one scheduler once: what the first source says of it, with the pools of all.
void AddScheduler(SchedulerDemand demand, std::vector<SchedulerDemand>& schedulers);

// Puts what no rule takes into the pool for unattributed use, takes out what cannot be (no chips,
// more than 10 million), and counts both.
void JudgeDemand(const ReportOptions& options, SchedulerDemand& demand, ObservationCounts& counts);

// Alike entries are one. `demand` has been judged.
v1::Demand MakeDemand(const SchedulerDemand& demand, int64_t now_unix_nanos);

}  // namespace fleetmeter::collector
