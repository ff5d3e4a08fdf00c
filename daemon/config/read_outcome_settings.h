// The configuration's section `outcomes`.
#pragma once

#include "daemon/config/daemon_config.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter {

void ReadOutcomes(const YamlValue& section, OutcomesConfig* out);

}  // namespace fleetmeter
