// All that results and hours of training say up to a quarter. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/domain/outcomes/benchmark_suite.h"
#include "daemon/domain/outcomes/capability.h"
#include "daemon/domain/outcomes/models.h"

namespace fleetmeter::outcomes {

struct CapabilityFacts {
  std::vector<Result> results;                   // up to the last quarter
  std::map<std::string, double> hours_by_model;  // H100e-hours, for the models
  std::map<int64_t, double> hours_by_quarter;    // likewise, for the frontier
  int64_t last_quarter = 0;
  // The last quarter is still running: it is shown, and not judged. So far it has brought less than
  // it will.
  bool last_is_running = false;
};

struct CapabilityView {
  int64_t last_quarter = 0;
  bool last_is_running = false;
  std::vector<ModelView> models;
  std::map<std::string, Saturation> saturation;  // of benchmarks with a result
  std::vector<QuarterView> quarters;
  DeclineVerdict verdict;
};

CapabilityView ViewCapability(const BenchmarkSuite& suite, const CapabilityFacts& facts);

}  // namespace fleetmeter::outcomes
