#include "daemon/app/open_ledger.h"

#include <algorithm>

#include "daemon/ledger/memory_ledger.h"
#include "daemon/ledger/sqlite/sqlite_ledger.h"

namespace fleetmeter {

int64_t KeepSourcesNanos(const DaemonConfig& config) {
  return std::max(config.ingest.max_lateness_nanos, config.ingest.adjust_up_to_nanos) +
         config.ingest.max_window_nanos;
}

absl::StatusOr<std::unique_ptr<Ledger>> OpenLedger(const DaemonConfig& config, LedgerProbe& probe) {
  if (config.ledger.path.empty()) return std::make_unique<MemoryLedger>();
  return SqliteLedger::Open(
      {.path = config.ledger.path,
       .keep_hours_nanos = config.ledger.keep_hours_nanos,
       .keep_days_nanos = config.ledger.keep_days_nanos,
       .max_lateness_nanos = config.ingest.max_lateness_nanos,
       .keep_sources_nanos = KeepSourcesNanos(config),
       .workloads_per_pool = static_cast<size_t>(config.ledger.workloads_per_pool),
       .day_zone = config.outcomes.rules.day_zone,
       .probe = &probe});
}

}  // namespace fleetmeter
