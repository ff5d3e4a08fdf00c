// The sections of a framework file but for its sensitivity table.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/strict_yaml.h"
#include "daemon/domain/fleet/catalog.h"
#include "daemon/domain/framework/assumptions.h"

namespace fleetmeter {

// Fills `out`; what is wrong is complained about to the value's file. `catalog` gives the ratios of
// chips that say none; nullptr: there is none. `sensitivity` is asked for, and left to the caller.
void ReadAssumptions(const YamlValue& root, const Catalog* catalog, framework::Assumptions* out);

// The rules between sections, once each of them is well-formed. Whether scenarios fit is not among
// them.
void CheckAssumptions(const framework::Assumptions& assumptions, YamlFile* file);

}  // namespace fleetmeter
