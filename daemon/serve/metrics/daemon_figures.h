// What the families about the daemon itself are written from.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "daemon/accounting/writer.h"
#include "daemon/serve/metrics/metric_group.h"
#include "daemon/serve/metrics/registry.h"

namespace fleetmeter {

struct DaemonFigures {
  std::vector<prometheus::MetricFamily> counted;  // by DaemonMetrics
  const Writer& writer;
  bool healthy = false;  // as /healthz says
};

// The series of a family that DaemonMetrics counts.
inline void Counted(const DaemonFigures& figures, SeriesWriter& out) {
  WriteCollected(figures.counted, out);
}

}  // namespace fleetmeter
