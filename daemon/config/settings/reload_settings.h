// What of a configuration that was loaded anew comes into force, as its settings declare
// (Setting::takes).
#pragma once

#include <string>
#include <vector>

#include "daemon/config/daemon_config.h"

namespace fleetmeter {

// A setting that differs and takes a restart. Values are written as a file would say them.
struct SettingChange {
  std::string key;  // "ingest.queue_reports"
  std::string in_force;
  std::string asked;
};

// Gives every setting of `loaded` that takes a restart the value that is in force, and returns
// those that differed. What is left in `loaded` can come into force as a whole.
std::vector<SettingChange> KeepUntilRestart(const DaemonConfig& in_force, DaemonConfig* loaded);

// The changes in a sentence or two, for people; empty if there are none.
std::string RestartWarning(const std::vector<SettingChange>& changes);

}  // namespace fleetmeter
