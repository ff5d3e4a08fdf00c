// Takes up a changed configuration while the collector runs: its sources, rules and kinds of chips.
// What is wrong changes nothing. What takes a restart keeps its value, and is named in a warning.
//
// For one thread, the program's main thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/config/collector_config.h"
#include "collectors/live/live_group.h"
#include "collectors/metrics/reload_health.h"
#include "collectors/sources.h"
#include "daemon/base/clock.h"
#include "daemon/base/file_watch.h"
#include "daemon/config/settings/reload_settings.h"

namespace fleetmeter::collector {

class Reloader {
 public:
  // `replays` outlive the reloader.
  Reloader(std::string path, const SourceCommands& replays)
      : path_(std::move(path)), replays_(replays) {}
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  // Loads the configuration for the first time. Its files are watched from then on.
  absl::StatusOr<CollectorConfig> LoadFirst();

  // Whether any file differs from what was last loaded or asked about.
  bool FilesChanged() { return files_.Changed(); }
  // `why` is for the log. `group` takes up what has changed; null: the program was started without
  // live sources.
  void Reload(const char* why, LiveGroup* group);

  const ReloadHealth& health() const { return health_; }

 private:
  absl::StatusOr<CollectorConfig> Load();
  // What takes a restart.
  std::vector<SettingChange> ChangesOf(const CollectorConfig& asked, bool has_group) const;

  const std::string path_;
  const SourceCommands& replays_;
  const SourceTypes types_ = AllSourceTypes();
  const SystemClock clock_;
  CollectorFlags in_force_;
  std::map<std::string, std::string> replays_in_force_;  // settings by name
  FileWatch files_;
  ReloadHealth health_;
};

}  // namespace fleetmeter::collector
