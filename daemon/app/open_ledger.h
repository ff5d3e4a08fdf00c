// The ledger that the configuration asks for.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "daemon/config/daemon_config.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

// Errors name the file and what to do.
absl::StatusOr<std::unique_ptr<Ledger>> OpenLedger(const DaemonConfig& config);

}  // namespace fleetmeter
