// The ledger that the configuration asks for.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "daemon/config/daemon_config.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/ledger_probe.h"

namespace fleetmeter {

// How long the windows of a source that has gone are kept: as long as an overlapping one could
// still be admitted.
int64_t KeepSourcesNanos(const DaemonConfig& config);

// Errors name the file and what to do. `probe` outlives the ledger.
absl::StatusOr<std::unique_ptr<Ledger>> OpenLedger(const DaemonConfig& config, LedgerProbe& probe);

}  // namespace fleetmeter
