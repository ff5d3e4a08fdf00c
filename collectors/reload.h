// Takes up a changed configuration while the collector runs: its sources, rules and kinds of chips.
// What is wrong changes nothing. What takes a restart keeps its value, and is named in a warning.
//
// For one thread, the program's main thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/config/collector_config.h"
#include "collectors/live/live_group.h"
#include "collectors/metrics/reload_health.h"
#include "daemon/base/clock.h"
#include "daemon/base/file_watch.h"

namespace fleetmeter::collector {

class Reloader {
 public:
  explicit Reloader(std::string path) : path_(std::move(path)) {}
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  // Loads the configuration for the first time. Its files are watched from then on.
  absl::StatusOr<CollectorConfig> LoadFirst();

  // Whether any file differs from what was last loaded or asked about.
  bool FilesChanged() { return files_.Changed(); }
  // `why` is for the log. `group` takes up what has changed.
  void Reload(const char* why, LiveGroup& group);

  const ReloadHealth& health() const { return health_; }

 private:
  absl::StatusOr<CollectorConfig> Load();

  const std::string path_;
  const SystemClock clock_;
  CollectorFlags in_force_;
  FileWatch files_;
  ReloadHealth health_;
};

}  // namespace fleetmeter::collector
