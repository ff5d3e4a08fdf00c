// Writes families and their series into one string: in the Prometheus text format (version 0.0.4),
// or in OpenMetrics (version 1.0.0,
// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md).
//
// Our own for the fleet's series, which are computed at each scrape: prometheus-cpp keeps an object
// a series and takes some thirty times as long (tests/bench).
#pragma once

#include <string>
#include <string_view>

#include "daemon/serve/metrics/exposition_form.h"
#include "daemon/serve/metrics/metric.h"
#include "daemon/serve/metrics/series_writer.h"

namespace fleetmeter {

class TextWriter final : public SeriesWriter {
 public:
  explicit TextWriter(std::string& out, ExpositionForm form = ExpositionForm::kText)
      : out_(out), open_metrics_(form == ExpositionForm::kOpenMetrics) {}

  // After the last family: without it, OpenMetrics is taken for cut off.
  void End();

 private:
  void BeginFamily() override;
  void WriteSample(LabelValues labels, double value) override;
  void WriteHistogram(LabelValues labels, const HistogramSample& histogram) override;

  void Line(std::string_view suffix, LabelValues labels, std::string_view le, double value);
  void Label(std::string_view name, std::string_view value, char separator);

  std::string& out_;
  const bool open_metrics_;
};

// The shortest text that reads back as the same double; "+Inf", "-Inf", "NaN".
void AppendNumber(std::string& out, double value);

}  // namespace fleetmeter
