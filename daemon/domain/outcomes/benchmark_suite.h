// Which benchmarks capability is measured by, and the rules that go with them. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/domain/outcomes/capability.h"

namespace fleetmeter::outcomes {

struct BenchmarkSuite {
  std::string name;
  uint32_t version = 0;
  std::vector<Benchmark> benchmarks;
  // What a file with a model a row calls a benchmark's column.
  std::map<std::string, std::string> columns;  // by benchmark
  SaturationRule saturation;
  int64_t declining_quarters = 2;  // from which a review is due
};

}  // namespace fleetmeter::outcomes
