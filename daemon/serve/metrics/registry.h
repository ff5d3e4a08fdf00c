// The families that the daemon counts as things happen: declared as all others, kept by
// prometheus-cpp.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "daemon/serve/metrics/metric_group.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
struct MetricFamily;
}  // namespace prometheus

namespace fleetmeter {

// The series of the declared family with these values of its labels, in their order. Made when it
// is asked for first.
prometheus::Counter& AddCounter(prometheus::Registry& registry, const Metric& metric,
                                std::initializer_list<std::string> labels = {});
prometheus::Gauge& AddGauge(prometheus::Registry& registry, const Metric& metric,
                            std::initializer_list<std::string> labels = {});
prometheus::Histogram& AddHistogram(prometheus::Registry& registry, const Metric& metric,
                                    const std::vector<double>& bounds);

// Writes the series that `collected`, of a registry, has of the family that was begun.
void WriteCollected(const std::vector<prometheus::MetricFamily>& collected, SeriesWriter& out);

}  // namespace fleetmeter
