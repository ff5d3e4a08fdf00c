#include "daemon/config/settings/reload_settings.h"

#include "daemon/config/settings/setting.h"
#include "daemon/config/settings/yaml_text.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace fleetmeter {
namespace {

using nlohmann::ordered_json;

// Rules can be many, and a line of a log should stay one.
constexpr size_t kMostShown = 200;

std::string Shown(const ordered_json& value) {
  return value.is_null() ? "(not set)" : Shortened(FlowYaml(value), kMostShown);
}

bool TakesRestart(Takes takes, const ordered_json& in_force, const ordered_json& asked) {
  switch (takes) {
    case Takes::kRestart:
      return true;
    case Takes::kReload:
      return false;
    case Takes::kReloadWhileGiven:
      return in_force.is_null() != asked.is_null();
  }
  return true;
}

// The visitor of one section.
template <class Fields>
class Keeper {
 public:
  Keeper(std::string prefix, const Fields& in_force, Fields* loaded,
         std::vector<SettingChange>* changes)
      : prefix_(std::move(prefix)), in_force_(in_force), loaded_(loaded), changes_(changes) {}

  template <class Kind, class... Path>
  void operator()(const Setting& setting, const Kind& kind, Path... path) {
    const auto& old_value = MemberAt(in_force_, path...);
    auto& new_value = MemberAt(*loaded_, path...);
    const ordered_json in_force = kind.Json(old_value);
    const ordered_json asked = kind.Json(new_value);
    if (in_force == asked || !TakesRestart(setting.takes, in_force, asked)) return;
    changes_->push_back({prefix_ + std::string(setting.key), Shown(in_force), Shown(asked)});
    new_value = old_value;
  }

  template <class Part>
  void operator()(const Section& section, Part Fields::* part) {
    Keeper<Part> keeper(fmt::format("{}{}.", prefix_, section.key), in_force_.*part,
                        &(loaded_->*part), changes_);
    Part::Describe(keeper);
  }

 private:
  const std::string prefix_;
  const Fields& in_force_;
  Fields* const loaded_;
  std::vector<SettingChange>* const changes_;
};

}  // namespace

std::vector<SettingChange> KeepUntilRestart(const DaemonConfig& in_force, DaemonConfig* loaded) {
  std::vector<SettingChange> changes;
  Keeper<DaemonConfig> keeper("", in_force, loaded, &changes);
  DaemonConfig::Describe(keeper);
  return changes;
}

std::string RestartWarning(const std::vector<SettingChange>& changes) {
  if (changes.empty()) return "";
  std::string list;
  for (const SettingChange& change : changes) {
    if (!list.empty()) list += "; ";
    list += fmt::format("{} {} -> {}", change.key, change.in_force, change.asked);
  }
  return fmt::format(
      "{} a restart: {}. Until then the old {} in force; everything else is in force now",
      changes.size() == 1 ? "this setting takes" : "these settings take", list,
      changes.size() == 1 ? "value stays" : "values stay");
}

}  // namespace fleetmeter
