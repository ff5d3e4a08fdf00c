// The groups of families about outcomes.
#pragma once

#include "daemon/serve/metrics/metric_group.h"
#include "daemon/serve/metrics/outcome_figures.h"

namespace fleetmeter {

extern const MetricGroup<OutcomeFigures> kServingMetrics;
extern const MetricGroup<OutcomeFigures> kMarginMetrics;
extern const MetricGroup<OutcomeFigures> kCapabilityMetrics;
extern const MetricGroup<OutcomeFigures> kOutcomeStateMetrics;

}  // namespace fleetmeter
