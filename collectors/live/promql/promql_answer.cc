#include "collectors/live/promql/promql_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

using nlohmann::json;

constexpr size_t kMostPromqlWarnings = 5;
constexpr size_t kMostShownPromqlBytes = 300;
constexpr double kPromqlMillisPerSecond = 1e3;
constexpr double kMostPromqlSeconds = 9e12;
constexpr char kPromqlMetricName[] = "__name__";

absl::Status NoPromqlAnswer(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{}; expected an answer of /api/v1/query", what));
}

std::string PromqlTextAt(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// "1", "NaN", "+Inf".
std::optional<double> PromqlNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = stop == text.data() + text.size();
  return error == std::errc() && whole && !text.empty() ? std::optional(value) : std::nullopt;
}

// [1700000000.1, "0.5"].
bool ReadPromqlPoint(const json& point, MappedRow& row) {
  if (!point.is_array() || point.size() != 2 || !point[0].is_number() || !point[1].is_string()) {
    return false;
  }
  const auto value = PromqlNumber(point[1].get_ref<const std::string&>());
  const double seconds = point[0].get<double>();
  if (!value || !(std::fabs(seconds) < kMostPromqlSeconds)) return false;
  row.value = *value;
  row.timestamp_millis = static_cast<int64_t>(std::llround(seconds * kPromqlMillisPerSecond));
  return true;
}

bool ReadPromqlMetric(const json& metric, MappedRow& row) {
  if (!metric.is_object()) return false;
  for (const auto& [label, value] : metric.items()) {
    if (!value.is_string()) return false;
    if (label == kPromqlMetricName) {
      row.name = value.get<std::string>();
    } else {
      row.labels.emplace_back(label, value.get<std::string>());
    }
  }
  return true;
}

bool ReadPromqlResult(const json& result, MappedRow& row) {
  if (!result.is_object() || !result.contains("metric") || !result.contains("value")) return false;
  return ReadPromqlMetric(result["metric"], row) && ReadPromqlPoint(result["value"], row);
}

std::vector<std::string> PromqlWarnings(const json& answer) {
  std::vector<std::string> warnings;
  const auto found = answer.find("warnings");
  if (found == answer.end() || !found->is_array()) return warnings;
  for (const json& warning : *found) {
    if (warnings.size() < kMostPromqlWarnings && warning.is_string()) {
      warnings.push_back(AsciiQuoted(warning.get_ref<const std::string&>(), kMostShownPromqlBytes));
    }
  }
  return warnings;
}

absl::StatusOr<json> ParsePromqlAnswer(std::string_view body) {
  json answer = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return NoPromqlAnswer("is no JSON object");
  const std::string status = PromqlTextAt(answer, "status");
  if (status == "error") {
    return absl::InvalidArgumentError(
        fmt::format("is refused as {}: {}; expected a query that the server takes",
                    AsciiQuoted(PromqlTextAt(answer, "errorType"), 64),
                    AsciiQuoted(PromqlTextAt(answer, "error"), kMostShownPromqlBytes)));
  }
  if (status != "success") return NoPromqlAnswer("has no status");
  if (!answer.contains("data") || !answer["data"].is_object()) return NoPromqlAnswer("has no data");
  return answer;
}

// The labels as one text.
std::string PromqlLabelKey(const MappedRow& row) {
  const std::map<std::string, std::string> sorted(row.labels.begin(), row.labels.end());
  std::string key;
  for (const auto& [label, value] : sorted) {
    for (const std::string& part : {label, value}) key.append(part).push_back('\0');
  }
  return key;
}

// For a regular expression within a PromQL text in double quotes.
std::string EscapedForPromql(std::string_view name) {
  std::string escaped;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == ':';
    if (c == '"') {
      escaped += "\\\"";
    } else {
      escaped += plain ? std::string(1, c) : std::string("\\\\") + c;
    }
  }
  return escaped;
}

}  // namespace

absl::StatusOr<PromqlAnswer> ReadPromqlAnswer(std::string_view body) {
  const absl::StatusOr<json> answer = ParsePromqlAnswer(body);
  if (!answer.ok()) return answer.status();
  const json& data = (*answer)["data"];
  const std::string type = PromqlTextAt(data, "resultType");
  if (type != "vector") {
    return absl::InvalidArgumentError(fmt::format(
        "gives a {}; expected an instant vector: a query with labels and without a range",
        AsciiQuoted(type, 64)));
  }
  if (!data.contains("result") || !data["result"].is_array())
    return NoPromqlAnswer("has no result");
  PromqlAnswer read;
  read.warnings = PromqlWarnings(*answer);
  const auto partial = answer->find("isPartial");
  read.partial = partial != answer->end() && partial->is_boolean() && partial->get<bool>();
  int64_t number = 0;
  for (const json& result : data["result"]) {
    MappedRow row;
    row.place = fmt::format("result {}", ++number);
    if (ReadPromqlResult(result, row)) {
      read.rows.push_back(std::move(row));
    } else {
      ++read.bad_rows;
    }
  }
  return read;
}

std::string PromqlForm(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string form;
  for (const auto& [name, value] : fields) {
    if (!form.empty()) form += '&';
    form += name + "=";
    for (const char c : value) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
      form += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return form;
}

std::string SelectorOf(const MappedNames& names, std::string_view select) {
  std::string alternatives;
  for (const std::string& name : names.WithPrefixes()) {
    alternatives += (alternatives.empty() ? "" : "|") + EscapedForPromql(name);
  }
  return fmt::format("{{__name__=~\"{}\"{}{}}}", alternatives, select.empty() ? "" : ",", select);
}

void MarkOlderThan(std::chrono::milliseconds age, const std::vector<MappedRow>& ages,
                   std::vector<MappedRow>& rows) {
  std::set<std::string> old;
  for (const MappedRow& row : ages) {
    if (row.value * kPromqlMillisPerSecond > static_cast<double>(age.count()))
      old.insert(PromqlLabelKey(row));
  }
  for (MappedRow& row : rows) row.stale = row.stale || old.contains(PromqlLabelKey(row));
}

}  // namespace fleetmeter::collector
