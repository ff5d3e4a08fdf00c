#include "daemon/config/daemon_config.h"
#include "daemon/config/settings/print_config.h"
#include "daemon/config/settings/setting.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace fleetmeter {
namespace {

using nlohmann::ordered_json;

std::string Description(const Setting& setting, const std::string& range) {
  std::string text(setting.help);
  if (!range.empty()) text += " " + range;
  if (setting.takes == Takes::kRestart) text += " A change takes a restart.";
  return text;
}

// The visitor of one section.
template <class Fields>
class SchemaWriter {
 public:
  explicit SchemaWriter(const Fields& defaults) : defaults_(defaults) {}

  template <class Kind, class... Path>
  void operator()(const Setting& setting, const Kind& kind, Path... path) {
    ordered_json property = {{"description", Description(setting, kind.Range())}};
    property.update(kind.Schema());
    const ordered_json value = kind.Json(MemberAt(defaults_, path...));
    if (!value.is_null()) property["default"] = value;
    const std::string key(setting.key);
    properties_[key] = std::move(property);
    if (!setting.required.empty()) required_.push_back(key);
    if (!setting.only_with.empty())
      dependent_[key] = ordered_json::array({std::string(setting.only_with)});
  }

  template <class Part>
  void operator()(const Section& section, Part Fields::* part) {
    SchemaWriter<Part> writer(defaults_.*part);
    Part::Describe(writer);
    // A section whose settings are all in comments is null.
    properties_[std::string(section.key)] = writer.Object(section.help, {"object", "null"});
  }

  ordered_json Object(std::string_view description, ordered_json type) {
    ordered_json object = {{"description", std::string(description)},
                           {"type", std::move(type)},
                           {"additionalProperties", false}};
    if (!required_.empty()) object["required"] = required_;
    if (!dependent_.empty()) object["dependentRequired"] = dependent_;
    object["properties"] = properties_;
    return object;
  }

 private:
  const Fields& defaults_;
  ordered_json properties_ = ordered_json::object();
  ordered_json required_ = ordered_json::array();
  ordered_json dependent_ = ordered_json::object();
};

}  // namespace

std::string ConfigSchema() {
  const DaemonConfig defaults;
  SchemaWriter<DaemonConfig> writer(defaults);
  DaemonConfig::Describe(writer);
  ordered_json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                         {"title", "fleetmeterd.yaml"}};
  schema.update(writer.Object("The configuration of fleetmeterd.", "object"));
  return schema.dump(2) + "\n";
}

}  // namespace fleetmeter
