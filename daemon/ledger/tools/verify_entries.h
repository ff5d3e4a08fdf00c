// Checks what people decided about the books. For VerifyDatabase.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/tools/find_damage.h"

namespace fleetmeter {

absl::Status VerifyEntries(Finder& finder);

}  // namespace fleetmeter
