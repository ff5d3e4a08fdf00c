// Tables of families: a section of dashboards/METRICS.md each, and the same families together on
// /metrics.
//
// A table stands in the source file of its section. An entry is the declaration of a family, and
// beside it the function that writes its series from the figures of a scrape.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "daemon/serve/metrics/metric.h"
#include "daemon/serve/metrics/series_writer.h"

namespace fleetmeter {

template <class Figures>
struct Family {
  Metric metric;
  void (*write_series)(const Figures& figures, SeriesWriter& out) = nullptr;
};

template <class Figures>
struct MetricGroup {
  std::string_view title;
  std::string_view introduction;  // whole sentences; a blank line begins a paragraph
  std::span<const Family<Figures>> families;
};

// Writes the families in their order. A family without series is written too.
template <class Figures>
void WriteGroup(const MetricGroup<Figures>& group, const Figures& figures, SeriesWriter& out) {
  for (const Family<Figures>& family : group.families) {
    out.Begin(family.metric);
    family.write_series(figures, out);
  }
}

// The one series of a family without labels. `value` is a function of the figures, or a member of
// theirs; where it gives nothing there is no series.
template <auto value, class Figures>
void OneSeries(const Figures& figures, SeriesWriter& out) {
  out.Sample({}, std::invoke(value, figures));
}

// The declaration in a table. A name or a type that the table does not have does not compile.
template <class Figures, size_t n>
consteval const Metric& Declared(const Family<Figures> (&families)[n], std::string_view name,
                                 MetricType type) {
  for (const Family<Figures>& family : families) {
    if (family.metric.name == name && family.metric.type == type) return family.metric;
  }
  throw "the table has no family of this name and type";
}

}  // namespace fleetmeter
