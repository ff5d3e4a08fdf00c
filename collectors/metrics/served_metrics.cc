// What the collector says about reports of what was served, each source on a stream of its own.
#include <algorithm>
#include <functional>

#include "collectors/metrics/collector_metrics.h"
#include "daemon/base/clock.h"

namespace fleetmeter::collector {
namespace {

using enum MetricType;

double ServedSeconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }

// A series for each source that counts requests.
template <auto value>
void EachServed(const CollectorFigures& figures, SeriesWriter& out) {
  for (const ServedStats& stats : figures.served) {
    out.Sample({stats.source}, static_cast<double>(std::invoke(value, stats)));
  }
}

void WriteServedAcknowledged(const CollectorFigures& figures, SeriesWriter& out) {
  for (const ServedStats& stats : figures.served) {
    const int64_t at = stats.last_acknowledged_unix_nanos;
    if (at != 0) out.Sample({stats.source}, ServedSeconds(at));
  }
}

void WriteServedWaiting(const CollectorFigures& figures, SeriesWriter& out) {
  for (const ServedStats& stats : figures.served) {
    const int64_t since = stats.waiting_since_unix_nanos;
    const double waited =
        since == 0 ? 0 : std::max(0.0, ServedSeconds(figures.now_unix_nanos - since));
    out.Sample({stats.source}, waited);
  }
}

constexpr Family<CollectorFigures> kServedFamilies[] = {
    {{"fleetmeter_collector_served_waiting_reports",
      kGauge,
      {"source"},
      "This many reports of what was served wait to be acknowledged: 0 or 1, since counters go on "
      "meanwhile and the next report is of a longer window."},
     EachServed<&ServedStats::waiting>},
    {{"fleetmeter_collector_served_oldest_waiting_seconds",
      kGauge,
      {"source"},
      "The window of the report that waits ended this many seconds ago. The value is 0 when none "
      "waits."},
     WriteServedWaiting},
    {{"fleetmeter_collector_served_acknowledged_reports_total",
      kCounter,
      {"source"},
      "A daemon has settled this many reports of what was served: counted them, rejected them, or "
      "found that it had counted them before."},
     EachServed<&ServedStats::acknowledged>},
    {{"fleetmeter_collector_served_rejected_reports_total",
      kCounter,
      {"source"},
      "The daemon rejected this many reports of what was served, or knew them with other content."},
     EachServed<&ServedStats::rejected>},
    {{"fleetmeter_collector_served_last_acknowledged_timestamp_seconds",
      kGauge,
      {"source"},
      "The daemon last acknowledged what was served at this time, as seconds since the Unix epoch. "
      "The series is absent before the first time."},
     WriteServedAcknowledged},
    {{"fleetmeter_collector_served_resets_total",
      kCounter,
      {"source"},
      "This many counters of the server of models were found to begin anew, as after its restart. "
      "With a spool, those before the start of the collector are included."},
     EachServed<&ServedStats::resets>},
};

}  // namespace

constexpr MetricGroup<CollectorFigures> kServedMetrics = {
    "What the collector reports of requests",
    "Sources of the type `serving` count requests and tokens. Each has a stream of its own, beside "
    "those of the pipelines. The label `source` is its name in the configuration.",
    kServedFamilies,
};

}  // namespace fleetmeter::collector
