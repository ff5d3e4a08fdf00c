#include "daemon/serve/metrics/otlp_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <string>

#include "daemon/base/clock.h"

namespace fleetmeter {
namespace {

using enum MetricType;

constexpr Family<DaemonFigures> kOtlpFamilies[] = {
    {{"fleetmeter_otlp_exports_total",
      kCounter,
      {"result"},
      "This many exports ended with the result. With ok the receiver took everything. With partial "
      "it rejected some of the points. One that failed did not come through, and is soon tried "
      "again with the values of then. With refused the receiver does not take what the daemon "
      "sends, such as for want of a right."},
     Counted},
    {{"fleetmeter_otlp_rejected_points_total",
      kCounter,
      {},
      "The receiver rejected this many points of exports that it took. The log has its reason."},
     Counted},
    {{"fleetmeter_otlp_last_success_timestamp_seconds",
      kGauge,
      {},
      "The latest export that the receiver took, in part at least, ended at this time, as seconds "
      "since the Unix epoch. The series is absent before the first one."},
     Counted},
};

constexpr const Metric& kExports =
    Declared(kOtlpFamilies, "fleetmeter_otlp_exports_total", kCounter);
constexpr const Metric& kRejectedPoints =
    Declared(kOtlpFamilies, "fleetmeter_otlp_rejected_points_total", kCounter);
constexpr const Metric& kLastSuccess =
    Declared(kOtlpFamilies, "fleetmeter_otlp_last_success_timestamp_seconds", kGauge);

prometheus::Counter& Exports(prometheus::Registry& registry, OtlpResult result) {
  return AddCounter(registry, kExports, {std::string(Name(result))});
}

}  // namespace

constexpr MetricGroup<DaemonFigures> kOtlpMetrics = {
    "Export by OTLP",
    "These families show how the metrics fare on their way to the receiver of `otlp.endpoint`. "
    "They have no series where metrics were never exported since the daemon started.",
    kOtlpFamilies,
};

// Without exports there are no series: nothing failed that was never tried.
void OtlpMetrics::ExportsBegin() {
  for (const OtlpResult result :
       {OtlpResult::kOk, OtlpResult::kPartial, OtlpResult::kFailed, OtlpResult::kRefused}) {
    Exports(registry_, result);
  }
  AddCounter(registry_, kRejectedPoints);
}

void OtlpMetrics::ExportEnded(OtlpResult result, int64_t rejected_points, int64_t unix_nanos) {
  Exports(registry_, result).Increment();
  AddCounter(registry_, kRejectedPoints).Increment(static_cast<double>(rejected_points));
  if (result != OtlpResult::kOk && result != OtlpResult::kPartial) return;
  AddGauge(registry_, kLastSuccess).Set(static_cast<double>(unix_nanos) / kNanosPerSecond);
}

}  // namespace fleetmeter
