// What the collector says about itself: the group of its families.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/core/pipeline.h"
#include "collectors/live/source_health.h"
#include "collectors/metrics/reload_health.h"
#include "collectors/served/served_stats.h"
#include "daemon/serve/metrics/metric_group.h"

namespace fleetmeter::collector {

struct CollectorFigures {
  std::vector<PipelineStats> pipelines;
  std::vector<SourceStats> sources;    // the live ones
  ObservationCounts joined;            // of all live sources, in the latest round
  std::vector<ServedStats> served;     // by source
  std::optional<ReloadStats> reloads;  // nothing: there is no configuration
  int64_t now_unix_nanos = 0;
};

extern const MetricGroup<CollectorFigures> kCollectorMetrics;
extern const MetricGroup<CollectorFigures> kServedMetrics;  // of reports of what was served

// What dashboards/METRICS.md says of the collector. The families of the process, which it serves
// too, are in the reference of the daemon.
std::string MetricsReference();

}  // namespace fleetmeter::collector
