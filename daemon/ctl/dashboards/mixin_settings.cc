#include "daemon/ctl/dashboards/mixin_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"

namespace fleetmeter::ctl {
namespace {

using nlohmann::json;

// A duration as Prometheus writes it, with one unit: the mixin puts it into names of series.
bool IsPromDuration(std::string_view text) {
  if (text.size() < 2 || std::string_view("smhd").find(text.back()) == std::string_view::npos) {
    return false;
  }
  text.remove_suffix(1);
  return text.front() != '0' && text.size() <= 9 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsAddress(std::string_view text) {
  return text.empty() || text.starts_with("http://") || text.starts_with("https://");
}

absl::Status NotA(const std::string& key, const std::string& value, std::string_view expected) {
  return absl::InvalidArgumentError(
      fmt::format("the setting {} is {}; expected {}", key, Quoted(value), expected));
}

absl::StatusOr<json> ReadNumber(const std::string& key, const std::string& value) {
  auto number = ParseNumber(value);
  if (!number) number = ParseShare(value);  // 45% and 1/3
  if (!number) return NotA(key, value, "a number such as 0.45 or 45%");
  return json(*number);
}

absl::StatusOr<json> ReadText(const std::string& key, const std::string& value, const json& known) {
  if (IsPromDuration(known.get<std::string>()) && !IsPromDuration(value)) {
    return NotA(key, value, "a duration with one unit such as 45s, 30m, 6h or 1d");
  }
  if (key.ends_with("Url") && !IsAddress(value)) {
    return NotA(key, value, "an address that begins with http:// or https://");
  }
  if (FindInvalidUtf8(value) || HasControlCharacter(value)) {
    return NotA(key, value, "a text without control characters");
  }
  // Paths are added behind an address.
  const size_t end = key.ends_with("Url") ? value.find_last_not_of('/') + 1 : value.size();
  return json(value.substr(0, end));
}

absl::StatusOr<json> ReadValue(const std::string& key, const std::string& value,
                               const json& known) {
  if (known.is_number()) return ReadNumber(key, value);
  if (known.is_string()) return ReadText(key, value, known);
  if (known.is_boolean() && (value == "true" || value == "false")) return json(value == "true");
  return NotA(key, value, "true or false");
}

std::string Shown(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void AddLeaves(const json& group, const std::string& prefix,
               std::vector<MixinSettings::Setting>* all) {
  for (const auto& [name, value] : group.items()) {
    if (value.is_object()) {
      AddLeaves(value, prefix + name + ".", all);
    } else {
      all->push_back({prefix + name, Shown(value)});
    }
  }
}

json::json_pointer PointerTo(const std::string& key) {
  std::string path = "/" + key;
  std::replace(path.begin(), path.end(), '.', '/');
  return json::json_pointer(path);
}

}  // namespace

MixinSettings::MixinSettings(json defaults) : defaults_(std::move(defaults)) {}

absl::Status MixinSettings::Set(std::string_view assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return absl::InvalidArgumentError(fmt::format(
        "{} is not a setting; expected KEY=VALUE, such as underuse.window=1h", Quoted(assignment)));
  }
  return Set(std::string(assignment.substr(0, equals)), std::string(assignment.substr(equals + 1)));
}

absl::Status MixinSettings::Set(const std::string& key, const std::string& value) {
  const json* known = Find(key);
  if (known == nullptr) return Unknown(key);
  if (known->is_object()) {
    return absl::InvalidArgumentError(fmt::format("{} is a group of settings; expected one of: {}",
                                                  key, fmt::join(KeysBelow(key + "."), ", ")));
  }
  auto read = ReadValue(key, value, *known);
  if (!read.ok()) return read.status();
  overrides_[PointerTo(key)] = *std::move(read);
  return absl::OkStatus();
}

std::vector<MixinSettings::Setting> MixinSettings::All() const {
  std::vector<Setting> all;
  AddLeaves(defaults_, "", &all);
  return all;
}

// A name may hold no "/" or "~", which a pointer reads in its own way.
const json* MixinSettings::Find(const std::string& key) const {
  const bool plain = std::all_of(key.begin(), key.end(), [](char c) {
    return c == '.' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
  if (!plain) return nullptr;
  const json::json_pointer pointer = PointerTo(key);
  return defaults_.contains(pointer) ? &defaults_.at(pointer) : nullptr;
}

absl::Status MixinSettings::Unknown(const std::string& key) const {
  const std::vector<std::string> known = KeysBelow("");
  // A key that is right but for its group is near, whatever the length of the group's name.
  const std::vector<std::string> nearest = NearestNames(key, known, 1);
  return absl::InvalidArgumentError(fmt::format(
      "there is no setting {}; the nearest is {}. `fleetmeterctl dashboards settings` lists all",
      Quoted(key), nearest.front()));
}

std::vector<std::string> MixinSettings::KeysBelow(const std::string& prefix) const {
  std::vector<std::string> keys;
  for (const Setting& setting : All()) {
    if (setting.key.starts_with(prefix)) keys.push_back(setting.key);
  }
  return keys;
}

}  // namespace fleetmeter::ctl
