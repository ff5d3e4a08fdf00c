#include "daemon/ctl/print/openmetrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "daemon/serve/metrics/text_format.h"

namespace fleetmeter::ctl {
namespace {

constexpr std::string_view kHelp = "# HELP ";
constexpr std::string_view kType = "# TYPE ";

// Takes the text up to a character, and the character, from the front.
std::string_view Take(std::string_view& text, char end) {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), taken.size() + 1));
  return taken;
}

// In OpenMetrics quotes are escaped in a HELP too.
std::string WithQuotesEscaped(std::string_view help) {
  std::string out;
  for (const char c : help) {
    if (c == '"') out += '\\';
    out += c;
  }
  return out;
}

std::string EscapedLabel(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

// A family of counters is named without the suffix that its series have.
std::string_view FamilyName(std::string_view metric, std::string_view type) {
  constexpr std::string_view kTotal = "_total";
  if (type == "counter" && metric.ends_with(kTotal)) metric.remove_suffix(kTotal.size());
  return metric;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

OpenMetricsHistory::OpenMetricsHistory(const Labels& labels) {
  for (const auto& [name, value] : labels) {
    labels_ += fmt::format("{}{}=\"{}\"", labels_.empty() ? "" : ",", name, EscapedLabel(value));
  }
}

void OpenMetricsHistory::AddPage(int64_t unix_seconds, std::string_view page) {
  while (!page.empty()) {
    std::string_view line = Take(page, '\n');
    if (line.starts_with(kHelp)) {
      line.remove_prefix(kHelp.size());
      const std::string_view name = Take(line, ' ');
      declared_[std::string(name)].help = WithQuotesEscaped(line);
    } else if (line.starts_with(kType)) {
      line.remove_prefix(kType.size());
      const std::string_view name = Take(line, ' ');
      declared_[std::string(name)].type = line;
    } else if (!line.empty()) {
      AddSample(unix_seconds, line);
    }
  }
}

// "name{labels}" with the labels of all series.
std::string OpenMetricsHistory::NameOf(std::string_view series) const {
  if (labels_.empty()) return std::string(series);
  if (!series.ends_with('}')) return fmt::format("{}{{{}}}", series, labels_);
  series.remove_suffix(1);
  return fmt::format("{},{}}}", series, labels_);
}

void OpenMetricsHistory::AddSample(int64_t unix_seconds, std::string_view line) {
  const size_t space = line.rfind(' ');
  if (space == std::string_view::npos) return;
  const std::string_view text = line.substr(space + 1);
  double value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return;
  const std::string_view series = line.substr(0, space);
  const std::string_view metric = series.substr(0, series.find('{'));
  auto family = families_.find(metric);
  if (family == families_.end()) {
    const auto declared = declared_.find(metric);
    if (declared == declared_.end()) return;
    family = families_.emplace(metric, declared->second).first;
  }
  family->second.series[NameOf(series)].emplace_back(unix_seconds, value);
}

absl::Status OpenMetricsHistory::Write(
    const std::function<absl::Status(std::string_view)>& sink) const {
  constexpr size_t kPiece = 1 << 20;
  std::string out;
  for (const auto& [metric, family] : families_) {
    const std::string_view name = FamilyName(metric, family.type);
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, family.help, name,
                   family.type);
    for (const auto& [series, samples] : family.series) {
      for (const auto& [time, value] : samples) {
        out += series;
        out += ' ';
        AppendNumber(out, value);
        fmt::format_to(std::back_inserter(out), " {}\n", time);
      }
      if (out.size() < kPiece) continue;
      if (absl::Status status = sink(out); !status.ok()) return status;
      out.clear();
    }
  }
  return sink(out + "# EOF\n");
}

bool ParseLabel(std::string_view text, std::pair<std::string, std::string>* label) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = text.substr(0, equals);
  const bool letters = std::all_of(name.begin(), name.end(),
                                   [](char c) { return IsLetter(c) || (c >= '0' && c <= '9'); });
  if (name.empty() || !IsLetter(name[0]) || !letters || name.starts_with("__")) return false;
  *label = {std::string(name), std::string(text.substr(equals + 1))};
  return true;
}

}  // namespace fleetmeter::ctl
