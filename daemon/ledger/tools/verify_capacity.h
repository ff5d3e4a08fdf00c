// Checks what was asked for and decided about capacity. For VerifyDatabase.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/tools/find_damage.h"

namespace fleetmeter {

absl::Status VerifyCapacity(Finder& finder);

}  // namespace fleetmeter
