#include "daemon/serve/metrics/registry.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>

namespace fleetmeter {
namespace {

prometheus::Labels LabelsOf(const Metric& metric, std::initializer_list<std::string> values) {
  prometheus::Labels labels;
  const std::string_view* name = metric.labels.begin();
  for (const std::string& value : values) labels[std::string(*name++)] = value;
  return labels;
}

template <class Builder>
auto& FamilyOf(Builder builder, prometheus::Registry& registry, const Metric& metric) {
  return builder.Name(std::string(metric.name)).Help(std::string(metric.help)).Register(registry);
}

// In the order of the declaration; prometheus-cpp sorts them.
std::vector<std::string_view> LabelValues(const Metric& metric,
                                          const prometheus::ClientMetric& series) {
  std::vector<std::string_view> values;
  for (const std::string_view name : metric.labels) {
    for (const auto& label : series.label) {
      if (label.name == name) values.emplace_back(label.value);
    }
  }
  return values;
}

void WriteHistogram(const std::vector<std::string_view>& labels,
                    const prometheus::ClientMetric::Histogram& histogram, SeriesWriter& out) {
  std::vector<double> bounds;
  std::vector<uint64_t> cumulative;
  for (const auto& bucket : histogram.bucket) {
    if (bucket.upper_bound > std::numeric_limits<double>::max()) continue;  // the writer's own
    bounds.push_back(bucket.upper_bound);
    cumulative.push_back(bucket.cumulative_count);
  }
  out.Histogram(labels, {.bounds = bounds,
                         .cumulative = cumulative,
                         .count = histogram.sample_count,
                         .sum = histogram.sample_sum});
}

}  // namespace

prometheus::Counter& AddCounter(prometheus::Registry& registry, const Metric& metric,
                                std::initializer_list<std::string> labels) {
  return FamilyOf(prometheus::BuildCounter(), registry, metric).Add(LabelsOf(metric, labels));
}

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const Metric& metric,
                            std::initializer_list<std::string> labels) {
  return FamilyOf(prometheus::BuildGauge(), registry, metric).Add(LabelsOf(metric, labels));
}

prometheus::Histogram& AddHistogram(prometheus::Registry& registry, const Metric& metric,
                                    const std::vector<double>& bounds) {
  return FamilyOf(prometheus::BuildHistogram(), registry, metric).Add({}, bounds);
}

void WriteCollected(const std::vector<prometheus::MetricFamily>& collected, SeriesWriter& out) {
  const Metric& metric = out.metric();
  const auto family = std::find_if(collected.begin(), collected.end(),
                                   [&](const auto& f) { return f.name == metric.name; });
  if (family == collected.end()) return;
  for (const prometheus::ClientMetric& series : family->metric) {
    const std::vector<std::string_view> labels = LabelValues(metric, series);
    if (metric.type == MetricType::kHistogram) {
      WriteHistogram(labels, series.histogram, out);
    } else {
      out.Sample(labels,
                 metric.type == MetricType::kCounter ? series.counter.value : series.gauge.value);
    }
  }
}

}  // namespace fleetmeter
