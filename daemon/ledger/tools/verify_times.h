// The part of VerifyLedger that looks at times: for what a wrong clock leaves behind, and for
// silences that cannot be.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/tools/find_damage.h"

namespace fleetmeter {

// No period was closed before it was over, and no time of a source was counted twice: not by a
// source that was forgotten and came back, and not by two windows of its history. (What windows
// said that are neither remembered nor history is not in the books by window any more.) Silences
// are of known sources and chips, and each pool with usage says since when it is told of.
absl::Status VerifyTimes(Finder& finder);

}  // namespace fleetmeter
