#include "daemon/config/settings/kinds.h"

#include <filesystem>

#include "daemon/base/day_zone.h"
#include "daemon/base/units.h"
#include "daemon/config/listen_address.h"
#include "daemon/config/strict_yaml.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "nlohmann/json.hpp"

namespace fleetmeter {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMaxPathBytes = 4'096;
constexpr size_t kMaxAddressBytes = 256;
constexpr size_t kMaxZoneBytes = 64;

ordered_json TextOf(const std::string& pattern) {
  return {{"type", "string"}, {"pattern", pattern}};
}

ordered_json OrNotSet(const std::string& text) {
  return text.empty() ? ordered_json() : ordered_json(text);
}

}  // namespace

void DurationIn::Read(const YamlValue& value, int64_t* out) const {
  value.ReadDuration(min, max, out);
}
ordered_json DurationIn::Json(int64_t nanos) const { return FormatDuration(nanos); }
std::string DurationIn::Range() const {
  return fmt::format("Values go from {} to {}.", FormatDuration(min), FormatDuration(max));
}
ordered_json DurationIn::Schema() const {
  return TextOf(R"(^[0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d)$)");
}

void SizeIn::Read(const YamlValue& value, int64_t* out) const { value.ReadSize(min, max, out); }
ordered_json SizeIn::Json(int64_t bytes) const { return FormatSize(bytes); }
std::string SizeIn::Range() const {
  return fmt::format("Values go from {} to {}.", FormatSize(min), FormatSize(max));
}
ordered_json SizeIn::Schema() const { return TextOf(R"(^[0-9]+(\.[0-9]+)?(B|KiB|MiB|GiB)$)"); }

void IntegerIn::Read(const YamlValue& value, int64_t* out) const {
  value.ReadInteger(min, max, out);
}
ordered_json IntegerIn::Json(int64_t number) const { return number; }
std::string IntegerIn::Range() const { return fmt::format("Values go from {} to {}.", min, max); }
ordered_json IntegerIn::Schema() const {
  return {{"type", "integer"}, {"minimum", min}, {"maximum", max}};
}

void AnyShare::Read(const YamlValue& value, double* out) const { value.ReadShare(out); }
ordered_json AnyShare::Json(double share) const { return FormatShare(share); }
std::string AnyShare::Range() const { return "Values go from 0% to 100%."; }
ordered_json AnyShare::Schema() const {
  const ordered_json number = {{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
  return {{"anyOf",
           {number, TextOf(R"(^(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)%$)"),
            TextOf(R"(^[0-9]+(\.[0-9]+)?%?/[0-9]+(\.[0-9]+)?$)")}}};
}

void TrueOrFalse::Read(const YamlValue& value, bool* out) const { value.ReadBool(out); }
ordered_json TrueOrFalse::Json(bool value) const { return value; }
std::string TrueOrFalse::Range() const { return ""; }
ordered_json TrueOrFalse::Schema() const { return {{"type", "boolean"}}; }

void OneOf::Read(const YamlValue& value, std::string* out) const { value.ReadChoice(choices, out); }
ordered_json OneOf::Json(const std::string& choice) const { return choice; }
std::string OneOf::Range() const {
  return fmt::format("The value is one of {}.", fmt::join(choices, ", "));
}
ordered_json OneOf::Schema() const { return {{"enum", choices}}; }

void TimeZoneName::Read(const YamlValue& value, DayZone* out) const {
  std::string name;
  value.ReadText(kMaxZoneBytes, &name);
  if (name.empty()) return;
  if (auto zone = DayZone::Load(name); !zone.ok()) {
    value.Complain(std::string(zone.status().message()));
  } else {
    *out = *std::move(zone);
  }
}
ordered_json TimeZoneName::Json(const DayZone& zone) const { return zone.name(); }
std::string TimeZoneName::Range() const {
  return "The value is a name of the IANA database of time zones.";
}
ordered_json TimeZoneName::Schema() const {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", kMaxZoneBytes}};
}

void AnyText::Read(const YamlValue& value, std::string* out) const {
  value.ReadText(max_bytes, out);
}
ordered_json AnyText::Json(const std::string& text) const { return OrNotSet(text); }
std::string AnyText::Range() const { return ""; }
ordered_json AnyText::Schema() const {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", max_bytes}};
}

void FilePath::Read(const YamlValue& value, std::string* out) const {
  std::string path;
  value.ReadText(kMaxPathBytes, &path);
  if (path.empty()) return;
  const auto folder = std::filesystem::path(value.file()->name()).parent_path();
  *out = (folder / path).lexically_normal().string();
}
ordered_json FilePath::Json(const std::string& path) const { return OrNotSet(path); }
std::string FilePath::Range() const { return ""; }
ordered_json FilePath::Schema() const {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", kMaxPathBytes}};
}

void HostAndPort::Read(const YamlValue& value, std::string* out) const {
  std::string text;
  value.ReadText(kMaxAddressBytes, &text);
  if (text.empty()) return;
  if (const auto address = ParseListenAddress(text); !address.ok()) {
    value.Complain(std::string(address.status().message()));
  } else {
    *out = text;
  }
}
ordered_json HostAndPort::Json(const std::string& address) const { return OrNotSet(address); }
std::string HostAndPort::Range() const { return ""; }
ordered_json HostAndPort::Schema() const { return TextOf("^.+:[0-9]{1,5}$"); }

}  // namespace fleetmeter
