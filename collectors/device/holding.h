// Everything that a report says about a group of chips but how many and how active: one value of
// it for each group of a UsageReport. Replays and live sources share it.
#pragma once

#include <string>
#include <string_view>
#include <tuple>

#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter::collector {

// The signal of chips that are held and whose activity nobody measures.
inline constexpr std::string_view kAllocatedOnly = "allocated_only";

struct Holding {
  std::string chip;
  v1::ChipState state = v1::CHIP_STATE_UNASSIGNED;
  std::string pool;
  std::string team;
  std::string workload;
  std::string workload_type;
  std::string model;
  std::string run;
  std::string signal;

  auto Key() const {
    return std::tie(chip, state, pool, team, workload, workload_type, model, run, signal);
  }
  friend bool operator<(const Holding& a, const Holding& b) { return a.Key() < b.Key(); }
  friend bool operator==(const Holding& a, const Holding& b) { return a.Key() == b.Key(); }
};

// The same chips, held and not measured.
Holding Unmeasured(Holding holding);

// Sets the fields of the group that are not empty.
void Describe(const Holding& holding, v1::UsageGroup& group);

}  // namespace fleetmeter::collector
