// The declarations of families as Markdown, for dashboards/METRICS.md. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/serve/metrics/metric_group.h"

namespace fleetmeter {

// A heading, the introduction and a table with a row for each family.
std::string MetricSection(std::string_view title, std::string_view introduction,
                          const std::vector<const Metric*>& metrics);

template <class Figures>
std::string MetricSection(const MetricGroup<Figures>& group) {
  std::vector<const Metric*> metrics;
  for (const Family<Figures>& family : group.families) metrics.push_back(&family.metric);
  return MetricSection(group.title, group.introduction, metrics);
}

// Breaks the lines of paragraphs, which blank lines part, at a width of 100.
std::string Wrapped(std::string_view text);

}  // namespace fleetmeter
