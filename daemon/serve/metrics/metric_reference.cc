#include "daemon/serve/metrics/metric_reference.h"

#include <fmt/format.h>

namespace fleetmeter {
namespace {

constexpr size_t kWidth = 100;

std::string Labels(const Metric& metric) {
  std::vector<std::string_view> names(metric.labels.begin(), metric.labels.end());
  if (metric.type == MetricType::kHistogram) names.emplace_back("le");
  return fmt::format("{}", fmt::join(names, ", "));
}

// Where the first word of `text` ends. What stands between backticks is not broken.
size_t WordEnd(std::string_view text) {
  bool in_code = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '`') in_code = !in_code;
    if (!in_code && (text[i] == ' ' || text[i] == '\n')) return i;
  }
  return text.size();
}

}  // namespace

std::string Wrapped(std::string_view text) {
  std::string out;
  size_t width = 0;  // of the last line
  while (!text.empty()) {
    const size_t end = WordEnd(text);
    if (width > 0 && width + 1 + end > kWidth) {
      out += '\n';
      width = 0;
    }
    if (width > 0) out += ' ';
    width += end + (width > 0 ? 1 : 0);
    out += text.substr(0, end);
    text.remove_prefix(end);
    if (text.starts_with("\n\n")) {
      out += "\n\n";
      width = 0;
      text.remove_prefix(2);
    } else if (!text.empty()) {
      text.remove_prefix(1);
    }
  }
  return out + '\n';
}

std::string MetricSection(std::string_view title, std::string_view introduction,
                          const std::vector<const Metric*>& metrics) {
  std::string out = fmt::format("\n## {}\n\n{}\n", title, Wrapped(introduction));
  out += "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  for (const Metric* metric : metrics) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", metric->name, Name(metric->type),
                       Labels(*metric), metric->help);
  }
  return out;
}

}  // namespace fleetmeter
