// Compares the rows of every table with the checksums that were written with them. For
// VerifyDatabase.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/tools/find_damage.h"

namespace fleetmeter {

absl::Status VerifyChecksums(Finder& finder);

}  // namespace fleetmeter
