// Takes up a new configuration, and the files that it names, while the daemon runs.
//
// A reload loads everything before it touches anything. What is wrong changes nothing. What takes a
// restart keeps its value until then, however often the files change: see reload_settings.h. The
// rest comes into force at once.
//
// Owned by the App, for its main thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "daemon/accounting/writer.h"
#include "daemon/app/otlp_part.h"
#include "daemon/app/security.h"
#include "daemon/base/clock.h"
#include "daemon/base/file_watch.h"
#include "daemon/config/daemon_config.h"
#include "daemon/serve/metrics/daemon_metrics.h"
#include "fleetmeter/v1/admin.pb.h"

namespace fleetmeter {

// What the writer works by.
WriterSettings SettingsFrom(const DaemonConfig& config, ReferenceData reference);

// Warns of what is odd about the grants that plans name, or do not name.
void LogGrantDoubts(const Writer& writer);

class Reloader {
 public:
  // What a reload changes.
  struct Parts {
    Security& security;
    Writer& writer;
    OtlpPart& otlp;
    DaemonMetrics& metrics;
    const Clock& clock;
  };

  explicit Reloader(std::string config_path) : config_path_(std::move(config_path)) {}
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  // Loads the configuration for the first time. Its files are watched from then on.
  absl::Status LoadFirst();
  // In force. Empty before LoadFirst; a reload replaces it in place.
  const DaemonConfig& config() const { return config_; }

  // Whether any file differs from what was last loaded or asked about.
  bool FilesChanged() { return files_.Changed(); }
  // `why` is for the log.
  v1::ReloadResponse Reload(const char* why, const Parts& parts);

 private:
  // Called before the files are read, so that no change falls between.
  void WatchFiles(const DaemonConfig& config);
  absl::StatusOr<ReferenceData> Load(DaemonConfig* config);
  void ReloadConfig(const char* why, const Parts& parts, v1::ReloadResponse* outcome);

  const std::string config_path_;
  DaemonConfig config_;
  FileWatch files_;
};

}  // namespace fleetmeter
