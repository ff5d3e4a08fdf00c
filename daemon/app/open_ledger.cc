#include "daemon/app/open_ledger.h"

#include "daemon/ledger/memory_ledger.h"

namespace fleetmeter {

absl::StatusOr<std::unique_ptr<Ledger>> OpenLedger(const DaemonConfig&) {
  return std::make_unique<MemoryLedger>();
}

}  // namespace fleetmeter
