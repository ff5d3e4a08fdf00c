// The groups of families that are worked out from a snapshot of the fleet.
#pragma once

#include "daemon/serve/metrics/metric_group.h"
#include "daemon/view/snapshot.h"

namespace fleetmeter {

extern const MetricGroup<Snapshot> kSupplyMetrics;
extern const MetricGroup<Snapshot> kPoolMetrics;
extern const MetricGroup<Snapshot> kTeamMetrics;
extern const MetricGroup<Snapshot> kDemandMetrics;
extern const MetricGroup<Snapshot> kBookMetrics;

}  // namespace fleetmeter
