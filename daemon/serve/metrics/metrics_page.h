// All of /metrics, and the reference of it: one list of groups gives the order of both.
#pragma once

#include <string>

#include "daemon/accounting/writer.h"
#include "daemon/base/clock.h"
#include "daemon/serve/metrics/capacity_metrics.h"
#include "daemon/serve/metrics/daemon_metrics.h"
#include "daemon/serve/metrics/exposition_form.h"
#include "daemon/serve/metrics/outcome_figures.h"
#include "daemon/serve/metrics/segment_series.h"
#include "daemon/serve/metrics/spending_metrics.h"

namespace fleetmeter {

struct MetricsSources {
  const Writer& writer;
  DaemonMetrics& metrics;
  SegmentSeries& segments;
  OutcomeFacts outcomes;
  GrantFacts grants;
  SpendingFacts spending;
  bool healthy = false;  // as /healthz says
  const Clock& clock;
};

// Every family and its series, in their order.
void WriteMetrics(MetricsSources sources, SeriesWriter& out);

// A scrape.
std::string RenderMetrics(MetricsSources sources, ExpositionForm form = ExpositionForm::kText);

// What dashboards/METRICS.md says of the daemon: every family that a scrape has, as Markdown.
std::string MetricsReference();

}  // namespace fleetmeter
