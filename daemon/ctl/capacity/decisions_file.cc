#include "daemon/ctl/capacity/decisions_file.h"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>

#include "daemon/base/text.h"
#include "daemon/config/strict_yaml.h"
#include "daemon/ctl/capacity/capacity_values.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kGrantExpected[] = "the number of chips that is granted, from 1 on, or all";
constexpr char kWhole[] = "all";

// A scalar that `parse` makes a value of, or a complaint.
template <class Value>
std::optional<Value> ReadWith(const YamlValue& value, const char* expected,
                              std::optional<Value> (*parse)(std::string_view)) {
  const std::string* text = value.Scalar(expected);
  if (text == nullptr) return std::nullopt;
  const auto parsed = parse(*text);
  if (!parsed) value.Complain(fmt::format("is {}; expected {}", Quoted(*text), expected));
  return parsed;
}

std::string ReadText(const YamlValue& value) {
  const std::string* text = value.Scalar(kTextExpected);
  if (text == nullptr) return "";
  if (IsUtf8(*text)) return *text;
  value.Complain(fmt::format("is {}; expected {}", Quoted(*text), kTextExpected));
  return "";
}

void ReadGrant(const YamlValue& value, PlannedDecision* out) {
  const std::string* text = value.Scalar(kGrantExpected);
  if (text == nullptr) return;
  out->whole = *text == kWhole;
  if (out->whole) return;
  const auto chips = ParseCount(*text);
  if (!chips || *chips == 0) {
    return value.Complain(fmt::format("is {}; expected {}", Quoted(*text), kGrantExpected));
  }
  out->decision.set_chips(*chips);
}

// Which of the two it is.
void ReadVerdict(const YamlValue& item, YamlMap& map, PlannedDecision* out) {
  const YamlValue grant = map.Optional("grant");
  const YamlValue decline = map.Optional("decline");
  if (grant.present() == decline.present()) {
    return item.Complain(fmt::format("has {} of grant and decline; expected exactly one of them",
                                     grant.present() ? "both" : "none"));
  }
  ReadGrant(grant, out);
  bool declined = true;
  decline.ReadBool(&declined);
  if (!declined) decline.Complain("is false; expected true, or grant in its place");
}

void ReadTimes(YamlMap& map, v1::CapacityDecision* out) {
  if (const auto start = ReadWith(map.Optional("start"), kHourExpected, ParseHour)) {
    out->set_start_unix_seconds(*start);
  }
  if (const auto hours = ReadWith(map.Optional("for"), kHoursExpected, ParseHours)) {
    out->set_hours(*hours);
  }
}

PlannedDecision ReadDecision(const YamlValue& item) {
  PlannedDecision out;
  YamlMap map(item);
  out.decision.set_request_id(ReadText(map.Required("request", "the id of the request")));
  const YamlValue revision = map.Optional("revision");
  if (revision.present()) {
    int64_t number = 1;
    revision.ReadInteger(1, std::numeric_limits<int64_t>::max(), &number);
    out.decision.set_revision(number);
  }
  ReadVerdict(item, map, &out);
  ReadTimes(map, &out.decision);
  out.decision.set_reason(ReadText(map.Optional("reason")));
  return out;
}

// Of a request that stands there twice, the daemon could not say on which lines.
void CheckTwice(const YamlValue& item, const PlannedDecision& decision,
                std::map<std::string, int>* lines) {
  const auto [first, is_new] = lines->emplace(decision.decision.request_id(), item.line());
  if (is_new || decision.decision.request_id().empty()) return;
  item.Complain(fmt::format("decides request {} again, first on line {}; expected it once",
                            Quoted(decision.decision.request_id()), first->second));
}

}  // namespace

absl::StatusOr<PlannedDecisions> ReadDecisions(const std::string& name, std::string_view text) {
  auto file = YamlFile::Parse(name, text);
  if (!file.ok()) return file.status();
  PlannedDecisions out;
  {
    YamlMap map((*file)->root());
    out.reason = ReadText(map.Optional("reason"));
    std::map<std::string, int> lines;
    for (const YamlValue& item : map.Required("decisions", "a list of decisions").Items()) {
      out.decisions.push_back(ReadDecision(item));
      CheckTwice(item, out.decisions.back(), &lines);
    }
  }
  if (!(*file)->ok()) return (*file)->status();
  return out;
}

absl::StatusOr<PlannedDecisions> ReadDecisionsFile(const std::string& path) {
  const auto text = YamlFile::Read(path);
  if (!text.ok()) return text.status();
  return ReadDecisions(path, *text);
}

}  // namespace fleetmeter::ctl
