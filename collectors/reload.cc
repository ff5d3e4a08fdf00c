#include "collectors/reload.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "collectors/config/restart_changes.h"

namespace fleetmeter::collector {

absl::StatusOr<CollectorConfig> Reloader::Load() {
  files_.Changed();  // what is there now is what is read now
  std::vector<std::string> used;
  auto config = LoadCollectorConfig(path_, AllSourceTypes(), &used);
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
  health_.Done(true, clock_.UnixNanos());
  return config;
}

void Reloader::Reload(const char* why, LiveGroup& group) {
  auto config = Load();
  if (!config.ok()) {
    spdlog::error("reload ({}) refused, the old configuration stays:\n{}", why,
                  std::string(config.status().message()));
    health_.Done(false, clock_.UnixNanos());
    return;
  }
  const std::string warning = RestartWarning(ChangesForRestart(in_force_, config->delivery));
  if (!warning.empty()) spdlog::warn("reload ({}): {}", why, warning);
  spdlog::info("reload ({}): {} live sources", why, config->members.size());
  group.Replace(std::move(config->live), std::move(config->members));
  health_.Done(true, clock_.UnixNanos());
}

}  // namespace fleetmeter::collector
