// What of a configuration that was read anew takes a restart: delivery, spool and pages are made
// once.
#pragma once

#include <vector>

#include "collectors/config/collector_config.h"
#include "daemon/config/settings/reload_settings.h"

namespace fleetmeter::collector {

// The settings of delivery that differ, by the keys of the file. RestartWarning makes a sentence
// of them.
std::vector<SettingChange> ChangesForRestart(const CollectorFlags& in_force,
                                             const CollectorFlags& asked);

}  // namespace fleetmeter::collector
