#include "daemon/config/settings/structures.h"

#include <cmath>

#include "daemon/config/settings/kinds.h"
#include "daemon/config/strict_yaml.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace fleetmeter {
namespace {

using nlohmann::ordered_json;

constexpr double kMillion = 1e6;

ordered_json ListOf(ordered_json items) {
  return {{"type", "array"}, {"minItems", 1}, {"items", std::move(items)}};
}

// Without a point where there is no need for one.
ordered_json Number(double value) {
  if (value == std::floor(value)) return static_cast<int64_t>(value);
  return value;
}

void ReadWeight(const YamlValue& value, double max, int64_t* ppm) {
  double weight = static_cast<double>(*ppm) / kMillion;
  value.ReadNumber(0, max, &weight);
  *ppm = std::llround(weight * kMillion);
}

ordered_json Weight(int64_t ppm) { return Number(static_cast<double>(ppm) / kMillion); }

}  // namespace

void FilePaths::Read(const YamlValue& list, std::vector<std::string>* out) const {
  for (const YamlValue& item : list.Items()) {
    std::string path;
    FilePath().Read(item, &path);
    for (const std::string& earlier : *out) {
      if (earlier == path) item.Complain("is listed twice; expected each plan once");
    }
    if (!path.empty()) out->push_back(path);
  }
}
ordered_json FilePaths::Json(const std::vector<std::string>& paths) const {
  return paths.empty() ? ordered_json() : ordered_json(paths);
}
std::string FilePaths::Range() const { return ""; }
ordered_json FilePaths::Schema() const {
  ordered_json schema = ListOf(FilePath().Schema());
  schema["uniqueItems"] = true;
  return schema;
}

void Names::Read(const YamlValue& list, Set* out) const {
  if (!list.present()) return;
  out->clear();
  for (const YamlValue& item : list.Items()) {
    std::string name;
    item.ReadName(&name);
    if (!name.empty()) out->insert(std::move(name));
  }
}
ordered_json Names::Json(const Set& names) const { return names; }
std::string Names::Range() const { return ""; }
ordered_json Names::Schema() const {
  return ListOf({{"type", "string"}, {"pattern", "^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$"}});
}

void TrailingWindows::Read(const YamlValue& list, std::vector<outcomes::Window>* out) const {
  std::vector<outcomes::Window> windows;
  for (const YamlValue& item : list.Items()) {
    std::string name;
    item.ReadName(&name);
    if (name.empty()) continue;
    const auto window = outcomes::ParseWindow(name);
    if (!window) {
      item.Complain(fmt::format("is '{}'; expected quarter, year or days, such as 28d, at most {}d",
                                name, outcomes::kMaxWindowDays));
      continue;
    }
    for (const outcomes::Window& earlier : windows) {
      if (earlier.name == name) item.Complain("is listed twice; expected each window once");
    }
    windows.push_back(*window);
  }
  if (windows.size() > most) {
    list.Complain(fmt::format("{} windows; expected at most {}", windows.size(), most));
  }
  if (!windows.empty()) *out = std::move(windows);
}
ordered_json TrailingWindows::Json(const std::vector<outcomes::Window>& windows) const {
  ordered_json names = ordered_json::array();
  for (const outcomes::Window& window : windows) names.push_back(window.name);
  return names;
}
std::string TrailingWindows::Range() const {
  return fmt::format("There are at most {} windows. Each is quarter, year, or 1d to {}d.", most,
                     outcomes::kMaxWindowDays);
}
ordered_json TrailingWindows::Schema() const {
  ordered_json schema = ListOf({{"type", "string"}, {"pattern", "^(quarter|year|[0-9]{1,4}d)$"}});
  schema["maxItems"] = most;
  schema["uniqueItems"] = true;
  return schema;
}

void TokenWeightsUpTo::Read(const YamlValue& section, outcomes::TokenWeights* out) const {
  YamlMap map(section);
  ReadWeight(map.Optional("input"), max, &out->input);
  ReadWeight(map.Optional("cached_input"), max, &out->cached_input);
  ReadWeight(map.Optional("output"), max, &out->output);
  if (out->input == 0 && out->cached_input == 0 && out->output == 0) {
    section.Complain("all weights are 0; expected at least one above 0");
  }
}
ordered_json TokenWeightsUpTo::Json(const outcomes::TokenWeights& weights) const {
  return {{"input", Weight(weights.input)},
          {"cached_input", Weight(weights.cached_input)},
          {"output", Weight(weights.output)}};
}
std::string TokenWeightsUpTo::Range() const {
  return fmt::format("Each weight is from 0 to {}, and at least one is above 0.", max);
}
ordered_json TokenWeightsUpTo::Schema() const {
  const ordered_json weight = {{"type", "number"}, {"minimum", 0}, {"maximum", Number(max)}};
  return {{"type", {"object", "null"}},
          {"additionalProperties", false},
          {"properties", {{"input", weight}, {"cached_input", weight}, {"output", weight}}}};
}

void VolumeShares::Read(const YamlValue& section, outcomes::VolumeRule* out) const {
  YamlMap map(section);
  map.Optional("much").ReadShare(&out->much);
  map.Optional("little").ReadShare(&out->little);
  if (out->little > out->much) {
    section.Complain(fmt::format("little is {} and much {}; expected little to be at most much",
                                 out->little, out->much));
  }
}
ordered_json VolumeShares::Json(const outcomes::VolumeRule& volume) const {
  return {{"much", AnyShare().Json(volume.much)}, {"little", AnyShare().Json(volume.little)}};
}
std::string VolumeShares::Range() const {
  return "Each share is from 0% to 100%, and little is at most much.";
}
ordered_json VolumeShares::Schema() const {
  const ordered_json share = AnyShare().Schema();
  return {{"type", {"object", "null"}},
          {"additionalProperties", false},
          {"properties", {{"much", share}, {"little", share}}}};
}

}  // namespace fleetmeter
