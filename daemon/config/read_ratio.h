// Chips per H100e, as catalogs and the framework write them.
#pragma once

#include "daemon/config/strict_yaml.h"
#include "daemon/domain/fleet/ratio.h"

namespace fleetmeter {

// "1.5" or "1/3".
void ReadChipsPerH100e(const YamlValue& value, Ratio* out);

}  // namespace fleetmeter
