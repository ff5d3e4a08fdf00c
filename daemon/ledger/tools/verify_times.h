// The part of VerifyLedger that looks for what a wrong clock leaves behind.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/tools/find_damage.h"

namespace fleetmeter {

// No period was closed before it was over, and no time of a source was counted twice: not by a
// source that was forgotten and came back, and not by two windows of its history. (What windows
// said that are neither remembered nor history is not in the books by window any more.)
absl::Status VerifyTimes(Finder& finder);

}  // namespace fleetmeter
