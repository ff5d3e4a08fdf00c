// Writes families and their series as OTLP metrics (the OpenTelemetry protocol, whose data model is
// https://opentelemetry.io/docs/specs/otel/metrics/data-model/): counters become monotonic sums
// since a start, gauges stay gauges, histograms stay histograms. A family without series is left
// out, and so is every value that is not known.
//
// Used by one thread, for one export.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/serve/metrics/series_writer.h"
#include "peers/otlp_metrics.pb.h"

namespace fleetmeter {

namespace otlp = ::opentelemetry::proto::collector::metrics::v1;

// How the resource is called. Prometheus takes it for the job, and dashboards look for this one.
inline constexpr char kOtlpServiceName[] = "fleetmeter";
// Receivers take 4 MiB unless they are told otherwise.
inline constexpr size_t kMostOtlpRequestBytes = 2 << 20;

struct OtlpMoment {
  std::string instance;  // service.instance.id of the resource
  // Since when sums and histograms count. Equal to `unix_nanos`: nobody knows, and what follows is
  // told by the difference (section "Cumulative streams: handling unknown start time").
  int64_t start_unix_nanos = 0;
  int64_t unix_nanos = 0;  // when the values were so
};

class OtlpWriter final : public SeriesWriter {
 public:
  // A request ends when its points have `most_bytes` or more; further ones go into the next.
  explicit OtlpWriter(OtlpMoment moment, size_t most_bytes = kMostOtlpRequestBytes);

  // Everything that was written, in its order; none: there was nothing.
  std::vector<otlp::ExportMetricsServiceRequest> Take() { return std::move(requests_); }

 private:
  void BeginFamily() override { current_ = nullptr; }
  void WriteSample(LabelValues labels, double value) override;
  void WriteHistogram(LabelValues labels, const HistogramSample& histogram) override;

  // Of the family that was begun, in a request that has room.
  otlp::Metric& Current();
  void BeginRequest();
  template <class Point>
  void FillPoint(LabelValues labels, Point* point);

  const OtlpMoment moment_;
  const size_t most_bytes_;
  std::vector<otlp::ExportMetricsServiceRequest> requests_;
  size_t bytes_ = 0;                 // of the points of the last request
  otlp::Metric* current_ = nullptr;  // in the last request; null: the family has no series in it
};

}  // namespace fleetmeter
