// Every setting of a configuration, as a file would say it.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "daemon/config/daemon_config.h"
#include "daemon/config/settings/setting.h"

namespace fleetmeter {

struct SettingValue {
  nlohmann::ordered_json value;
  Takes takes = Takes::kRestart;
  bool has_example = false;
};

using SettingValues = std::map<std::string, SettingValue>;  // by key: "live.silent_after"

// The visitor of one section.
template <class Fields>
class ValueCollector {
 public:
  ValueCollector(std::string prefix, const Fields& fields, SettingValues* out)
      : prefix_(std::move(prefix)), fields_(fields), out_(out) {}

  template <class Kind, class... Path>
  void operator()(const Setting& setting, const Kind& kind, Path... path) {
    (*out_)[prefix_ + std::string(setting.key)] = {.value = kind.Json(MemberAt(fields_, path...)),
                                                   .takes = setting.takes,
                                                   .has_example = !setting.example.empty()};
  }
  template <class Part>
  void operator()(const Section& section, Part Fields::* part) {
    ValueCollector<Part> collector(prefix_ + std::string(section.key) + ".", fields_.*part, out_);
    Part::Describe(collector);
  }

 private:
  const std::string prefix_;
  const Fields& fields_;
  SettingValues* const out_;
};

inline SettingValues ValuesOf(const DaemonConfig& config) {
  SettingValues values;
  ValueCollector<DaemonConfig> collector("", config, &values);
  DaemonConfig::Describe(collector);
  return values;
}

}  // namespace fleetmeter
