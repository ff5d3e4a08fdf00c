// What every kind of replay is made into: for each host, its chips as a step function of time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collectors/device/holding.h"
#include "collectors/replay/readings.h"

namespace fleetmeter::collector {

inline constexpr int64_t kMilliPerChip = 1'000;
inline constexpr int64_t kMaxChipsPerHost = 65'536;  // device numbers of a report

// Chips of a host under one holding.
struct Row {
  uint32_t holding = 0;
  int64_t milli_chips = 0;
  // Empty: not measured. One: of every chip. Otherwise one a chip. 0 to 1.
  std::vector<double> activity;
  std::vector<double> productive;
};

// From `at` on the host has these rows and no others. No rows: it is silent.
struct Step {
  int64_t at = 0;  // nanoseconds of recorded time, on the replay's grain
  std::vector<Row> rows;
};

struct HostTimeline {
  std::string name;
  std::vector<Step> steps;  // ascending; before the first the host is silent
};

struct Timeline {
  std::vector<Holding> holdings;
  std::vector<HostTimeline> hosts;
  ReadingCounts odd_readings;
};

// Collects holdings for a timeline, each once. Used by one loader.
class HoldingTable {
 public:
  explicit HoldingTable(Timeline& timeline) : timeline_(timeline) {}
  uint32_t Intern(const Holding& holding);

 private:
  Timeline& timeline_;
  std::map<Holding, uint32_t> index_;
};

}  // namespace fleetmeter::collector
