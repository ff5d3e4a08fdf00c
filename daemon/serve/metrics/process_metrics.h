// The group of process_* families, which every program of ours serves, read from /proc.
#pragma once

#include <optional>

#include "daemon/serve/metrics/metric_group.h"

namespace fleetmeter {

// A value that /proc does not give is nothing.
struct ProcessFigures {
  std::optional<double> cpu_seconds;
  std::optional<double> resident_bytes;
  std::optional<double> virtual_bytes;
  std::optional<double> open_files;
  std::optional<double> max_files;
  std::optional<double> threads;
  std::optional<double> start_unix_seconds;
};

// Of this process, now.
ProcessFigures ReadProcess();

extern const MetricGroup<ProcessFigures> kProcessMetrics;

}  // namespace fleetmeter
