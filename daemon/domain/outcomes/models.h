// Models one by one: how capable, trained for how long, and what the training brought over the
// model before. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/outcomes/benchmark_suite.h"
#include "daemon/domain/outcomes/capability.h"

namespace fleetmeter::outcomes {

struct ModelView {
  std::string model;
  std::string family;   // empty: not known
  int64_t quarter = 0;  // of its first result
  std::optional<Index> index;
  std::optional<double> training_h100e_hours;
  // The latest earlier model of its family, and both on the benchmarks that they share. Nothing if
  // there is none, or they share none.
  std::string predecessor;
  std::optional<Comparison> over_predecessor;
  std::optional<double> gain_per_h100e_hour;  // nothing without hours above 0
};

// By quarter, then by name. A benchmark that a model has several results on counts with the best.
std::vector<ModelView> ModelViews(const BenchmarkSuite& suite, const std::vector<Result>& results,
                                  const std::map<std::string, double>& training_h100e_hours);

}  // namespace fleetmeter::outcomes
