#include "daemon/config/read_outcome_settings.h"

#include <cmath>

#include "daemon/config/read_access.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int64_t kSecond = kNanosPerSecond;
constexpr double kMaxWeight = 1'000'000;
constexpr size_t kMostWindows = 8;

void ReadWeight(const YamlValue& value, int64_t* ppm) {
  double weight = static_cast<double>(*ppm) / 1e6;
  value.ReadNumber(0, kMaxWeight, &weight);
  *ppm = std::llround(weight * 1e6);
}

void ReadWeights(const YamlValue& section, outcomes::TokenWeights* out) {
  YamlMap map(section);
  ReadWeight(map.Optional("input"), &out->input);
  ReadWeight(map.Optional("cached_input"), &out->cached_input);
  ReadWeight(map.Optional("output"), &out->output);
  if (out->input == 0 && out->cached_input == 0 && out->output == 0) {
    section.Complain("all weights are 0; expected at least one above 0");
  }
}

void ReadWindows(const YamlValue& list, std::vector<outcomes::Window>* out) {
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
  if (windows.size() > kMostWindows) {
    list.Complain(fmt::format("{} windows; expected at most {}", windows.size(), kMostWindows));
  }
  if (!windows.empty()) *out = std::move(windows);
}

void ReadVolume(const YamlValue& section, outcomes::VolumeRule* out) {
  YamlMap map(section);
  map.Optional("much").ReadShare(&out->much);
  map.Optional("little").ReadShare(&out->little);
  if (out->little > out->much) {
    section.Complain(fmt::format("little is {} and much {}; expected little to be at most much",
                                 out->little, out->much));
  }
}

void ReadTypes(const YamlValue& list, std::set<std::string, std::less<>>* out) {
  if (!list.present()) return;
  out->clear();
  for (const YamlValue& item : list.Items()) {
    std::string type;
    item.ReadName(&type);
    if (!type.empty()) out->insert(std::move(type));
  }
}

}  // namespace

void ReadOutcomes(const YamlValue& section, OutcomesConfig* out) {
  YamlMap map(section);
  ReadPath(map.Optional("prices"), &out->prices);
  ReadPath(map.Optional("benchmarks"), &out->benchmarks);
  ReadWindows(map.Optional("windows"), &out->rules.windows);
  ReadWeights(map.Optional("token_weights"), &out->rules.weights);
  ReadVolume(map.Optional("volume"), &out->rules.volume);
  map.Optional("series").ReadInteger(1, 100'000, &out->rules.segment_series);
  map.Optional("segments").ReadInteger(1, 1'000'000, &out->rules.segments);
  ReadTypes(map.Optional("post_training_types"), &out->rules.post_training_types);
  map.Optional("refresh").ReadDuration(kSecond / 10, 86'400 * kSecond, &out->refresh_nanos);
}

}  // namespace fleetmeter
