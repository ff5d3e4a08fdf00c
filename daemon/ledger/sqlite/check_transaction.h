// Does a transaction contradict itself? Asked before anything is touched. Pure.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

// InvalidArgument says of which report, and what was expected.
absl::Status CheckTransaction(const LedgerTransaction& transaction);

}  // namespace fleetmeter
