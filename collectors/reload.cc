#include "collectors/reload.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "collectors/config/restart_changes.h"
#include "daemon/base/counted.h"

namespace fleetmeter::collector {
namespace {

std::map<std::string, std::string> SettingsByName(const std::vector<ConfiguredReplay>& replays) {
  std::map<std::string, std::string> settings;
  for (const ConfiguredReplay& replay : replays) settings[replay.name] = replay.settings;
  return settings;
}

}  // namespace

absl::StatusOr<CollectorConfig> Reloader::Load() {
  files_.Changed();  // what is there now is what is read now
  std::vector<std::string> used;
  auto config = LoadCollectorConfig(path_, KnownSources{types_, replays_}, &used);
  // Of a refused configuration too: mending a file that it names should bring it in.
  used.push_back(path_);
  files_.Watch(used);
  return config;
}

absl::StatusOr<CollectorConfig> Reloader::LoadFirst() {
  files_.Watch({path_});
  auto config = Load();
  if (!config.ok()) return config;
  in_force_ = config->delivery;
  replays_in_force_ = SettingsByName(config->replays);
  health_.Done(true, clock_.UnixNanos());
  return config;
}

std::vector<SettingChange> Reloader::ChangesOf(const CollectorConfig& asked, bool has_group) const {
  std::vector<SettingChange> changes = ChangesForRestart(in_force_, asked.delivery);
  const auto replays = SettingsByName(asked.replays);
  for (const auto& [name, settings] : replays_in_force_) {
    const auto found = replays.find(name);
    if (found == replays.end()) {
      changes.push_back({"replay " + name, "(running)", "(not set)"});
    } else if (found->second != settings) {
      changes.push_back({"replay " + name, "(as it was)", "(changed)"});
    }
  }
  for (const auto& [name, settings] : replays) {
    if (!replays_in_force_.contains(name)) {
      changes.push_back({"replay " + name, "(not set)", "(new)"});
    }
  }
  if (!has_group && !asked.members.empty()) {
    changes.push_back({"live sources", "none", std::to_string(asked.members.size())});
  }
  return changes;
}

void Reloader::Reload(const char* why, LiveGroup* group) {
  auto config = Load();
  if (!config.ok()) {
    spdlog::error("reload ({}) refused, the old configuration stays:\n{}", why,
                  std::string(config.status().message()));
    health_.Done(false, clock_.UnixNanos());
    return;
  }
  const std::string warning = RestartWarning(ChangesOf(*config, group != nullptr));
  if (!warning.empty()) spdlog::warn("reload ({}): {}", why, warning);
  spdlog::info("reload ({}): {}", why,
               Counted(config->members.size(), "live source", "live sources"));
  if (group != nullptr) group->Replace(std::move(config->live), std::move(config->members));
  health_.Done(true, clock_.UnixNanos());
}

}  // namespace fleetmeter::collector
