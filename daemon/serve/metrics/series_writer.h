// Takes families and their series, one family after the other. The tables (metric_group.h) write to
// it, and do not know in which form the series go out: as text (text_format.h), or as the messages
// of OTLP (daemon/serve/otlp).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "daemon/serve/metrics/metric.h"

namespace fleetmeter {

struct HistogramSample {
  std::span<const double> bounds;        // of the buckets, without the last, which is +Inf
  std::span<const uint64_t> cumulative;  // a count for each bound
  uint64_t count = 0;
  double sum = 0;
};

class SeriesWriter {
 public:
  using LabelValues = std::span<const std::string_view>;

  virtual ~SeriesWriter() = default;
  SeriesWriter(const SeriesWriter&) = delete;
  SeriesWriter& operator=(const SeriesWriter&) = delete;

  // Begins a family: what follows belongs to it, until the next one begins. `metric` outlives that.
  void Begin(const Metric& metric) {
    metric_ = &metric;
    BeginFamily();
  }
  // The family that was begun last.
  const Metric& metric() const { return *metric_; }

  // A series of the family: a value for each of its labels, in their order. Nothing: no series.
  void Sample(std::initializer_list<std::string_view> labels, std::optional<double> value) {
    Sample(LabelValues(labels.begin(), labels.size()), value);
  }
  void Sample(LabelValues labels, std::optional<double> value) {
    if (value) WriteSample(labels, *value);
  }
  // The series that a histogram has for these labels.
  void Histogram(LabelValues labels, const HistogramSample& histogram) {
    WriteHistogram(labels, histogram);
  }

 protected:
  SeriesWriter() = default;

 private:
  virtual void BeginFamily() = 0;
  virtual void WriteSample(LabelValues labels, double value) = 0;
  virtual void WriteHistogram(LabelValues labels, const HistogramSample& histogram) = 0;

  const Metric* metric_ = nullptr;
};

}  // namespace fleetmeter
