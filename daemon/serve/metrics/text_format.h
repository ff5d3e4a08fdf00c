// Writes families and their series into one string: in the Prometheus text format (version 0.0.4),
// or in OpenMetrics (version 1.0.0,
// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md).
//
// Our own for the fleet's series, which are computed at each scrape: prometheus-cpp keeps an object
// a series and takes some thirty times as long (tests/bench).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/serve/metrics/exposition_form.h"
#include "daemon/serve/metrics/metric.h"

namespace fleetmeter {

struct HistogramSample {
  std::span<const double> bounds;        // of the buckets, without the last, which is +Inf
  std::span<const uint64_t> cumulative;  // a count for each bound
  uint64_t count = 0;
  double sum = 0;
};

class TextWriter {
 public:
  using LabelValues = std::span<const std::string_view>;

  explicit TextWriter(std::string& out, ExpositionForm form = ExpositionForm::kText)
      : out_(out), open_metrics_(form == ExpositionForm::kOpenMetrics) {}

  // Begins a family: what follows belongs to it, until the next one begins. `metric` outlives that.
  void Begin(const Metric& metric);
  // The family that was begun last.
  const Metric& metric() const { return *metric_; }

  // A series of the family: a value for each of its labels, in their order. Nothing: no series.
  void Sample(std::initializer_list<std::string_view> labels, std::optional<double> value) {
    Sample(LabelValues(labels.begin(), labels.size()), value);
  }
  void Sample(LabelValues labels, std::optional<double> value);
  // The series that a histogram has for these labels.
  void Histogram(LabelValues labels, const HistogramSample& histogram);

  // After the last family: without it, OpenMetrics is taken for cut off.
  void End();

 private:
  void Line(std::string_view suffix, LabelValues labels, std::string_view le, double value);
  void Label(std::string_view name, std::string_view value, char separator);

  std::string& out_;
  const bool open_metrics_;
  const Metric* metric_ = nullptr;
};

// The unit that the name of a family ends with, "h100e_seconds"; empty: it has none. What counts
// things, such as requests, has none: they are no unit that values could be converted from.
std::string_view UnitOf(const Metric& metric);

// The shortest text that reads back as the same double; "+Inf", "-Inf", "NaN".
void AppendNumber(std::string& out, double value);

}  // namespace fleetmeter
