// Reads a file's settings as they are declared (setting.h): strictly, each key once, none that is
// not declared, and all that is wrong is complained about.
#pragma once

#include "daemon/config/daemon_config.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter {

// What the file does not say stays as it is in `out`. Sound only if the file is ok() afterwards.
void ReadSettings(const YamlValue& root, DaemonConfig* out);

}  // namespace fleetmeter
