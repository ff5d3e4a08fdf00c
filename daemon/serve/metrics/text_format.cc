#include "daemon/serve/metrics/text_format.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <utility>

#include "daemon/serve/metrics/metric_units.h"

namespace fleetmeter {
namespace {

void AppendEscaped(std::string& out, std::string_view text, bool in_quotes) {
  size_t begin = 0;  // of what has not been written yet
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '\\' && c != '\n' && (c != '"' || !in_quotes)) continue;
    out.append(text, begin, i - begin);
    out += '\\';
    out += c == '\n' ? 'n' : c;
    begin = i + 1;
  }
  out.append(text, begin);
}

// Enough for every finite double without an exponent.
constexpr size_t kBoundChars = 400;

// A bound is a label value, and so a part of the series' name: 0.0001, as prometheus-cpp writes it,
// and never 1e-04.
//
// In OpenMetrics a whole number has a point, 1.0, so that all who write it name the series alike.
std::string_view BoundText(double bound, bool open_metrics, char (&buffer)[kBoundChars]) {
  auto [end, error] =
      std::to_chars(buffer, buffer + kBoundChars - 2, bound, std::chars_format::fixed);
  if (open_metrics && std::find(buffer, end, '.') == end) {
    *end++ = '.';
    *end++ = '0';
  }
  return {buffer, end};
}

}  // namespace

void AppendNumber(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char buffer[32];
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
    out.append(buffer, end);
  }
}

std::string_view Name(MetricType type) {
  switch (type) {
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kCounter:
      return "counter";
    case MetricType::kHistogram:
      return "histogram";
  }
  return "untyped";
}

void TextWriter::BeginFamily() {
  const Metric& metric = this->metric();
  const std::string_view name = open_metrics_ ? FamilyName(metric) : metric.name;
  out_.append("# HELP ").append(name).append(" ");
  AppendEscaped(out_, metric.help, /*in_quotes=*/open_metrics_);
  out_.append("\n# TYPE ").append(name).append(" ").append(Name(metric.type)).append("\n");
  const std::string_view unit = UnitOf(metric);
  if (!open_metrics_ || unit.empty()) return;
  out_.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
}

void TextWriter::WriteSample(LabelValues labels, double value) { Line("", labels, "", value); }

void TextWriter::WriteHistogram(LabelValues labels, const HistogramSample& histogram) {
  for (size_t i = 0; i < histogram.bounds.size(); ++i) {
    char text[kBoundChars];
    Line("_bucket", labels, BoundText(histogram.bounds[i], open_metrics_, text),
         static_cast<double>(histogram.cumulative[i]));
  }
  Line("_bucket", labels, "+Inf", static_cast<double>(histogram.count));
  Line("_sum", labels, "", histogram.sum);
  Line("_count", labels, "", static_cast<double>(histogram.count));
}

void TextWriter::End() {
  if (open_metrics_) out_.append("# EOF\n");
}

void TextWriter::Line(std::string_view suffix, LabelValues labels, std::string_view le,
                      double value) {
  assert(labels.size() == metric().labels.size());
  out_.append(metric().name).append(suffix);
  char separator = '{';
  const std::string_view* name = metric().labels.begin();
  for (const std::string_view text :
       labels.first(std::min(labels.size(), metric().labels.size()))) {
    Label(*name++, text, std::exchange(separator, ','));
  }
  if (!le.empty()) Label("le", le, std::exchange(separator, ','));
  if (separator == ',') out_ += '}';
  out_ += ' ';
  AppendNumber(out_, value);
  out_ += '\n';
}

void TextWriter::Label(std::string_view name, std::string_view value, char separator) {
  out_ += separator;
  out_.append(name).append("=\"");
  AppendEscaped(out_, value, /*in_quotes=*/true);
  out_ += '"';
}

}  // namespace fleetmeter
