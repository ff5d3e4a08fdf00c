// The series of what the daemon deferred, by pipeline.
#pragma once

#include "collectors/metrics/collector_metrics.h"
#include "daemon/serve/metrics/metric_reference.h"

namespace fleetmeter::collector {

void WriteDeferred(const CollectorFigures& figures, SeriesWriter& out);
void WriteDeferredBytes(const CollectorFigures& figures, SeriesWriter& out);
void WriteDeferredWait(const CollectorFigures& figures, SeriesWriter& out);
void WriteDeferredLost(const CollectorFigures& figures, SeriesWriter& out);

}  // namespace fleetmeter::collector
