// The metrics of the exporter of metrics. Thread-safe.
#pragma once

#include "daemon/serve/metrics/daemon_figures.h"
#include "daemon/serve/otlp/otlp_probe.h"

namespace fleetmeter {

extern const MetricGroup<DaemonFigures> kOtlpMetrics;

class OtlpMetrics final : public OtlpProbe {
 public:
  // `registry` outlives the object.
  explicit OtlpMetrics(prometheus::Registry& registry) : registry_(registry) {}

  void ExportsBegin() override;
  void ExportEnded(OtlpResult result, int64_t rejected_points, int64_t unix_nanos) override;

 private:
  prometheus::Registry& registry_;
};

}  // namespace fleetmeter
