#include "daemon/ledger/sqlite/ledger_tables.h"

#include "daemon/base/failpoint.h"
#include "daemon/ledger/sqlite/admin_entry_tables.h"
#include "daemon/ledger/sqlite/capacity_tables.h"
#include "daemon/ledger/sqlite/confirmed_time_table.h"
#include "daemon/ledger/sqlite/dimension_tables.h"
#include "daemon/ledger/sqlite/history_tables.h"
#include "daemon/ledger/sqlite/model_usage_tables.h"
#include "daemon/ledger/sqlite/outcome_book_tables.h"
#include "daemon/ledger/sqlite/report_result_tables.h"
#include "daemon/ledger/sqlite/silence_tables.h"
#include "daemon/ledger/sqlite/source_tables.h"
#include "daemon/ledger/sqlite/stream_position_table.h"
#include "daemon/ledger/sqlite/term_tables.h"
#include "daemon/ledger/sqlite/usage_tables.h"

namespace fleetmeter {

// The list, in the order in which tables write their rows. A table may be given those before it.
LedgerTables::LedgerTables(Database& database, const SqliteLedgerOptions& options) {
  auto* dimensions = Add<DimensionTables>(database);
  rollups_ = Add<Rollups>(database, *dimensions,
                          Rollups::Options{.keep_hours_nanos = options.keep_hours_nanos,
                                           .keep_days_nanos = options.keep_days_nanos,
                                           .max_lateness_nanos = options.max_lateness_nanos});
  auto* usage = Add<UsageTables>(database, *dimensions, *rollups_, options.workloads_per_pool);
  Add<ModelUsageTables>(database, *dimensions, options.workloads_per_pool, options.day_zone);
  AddFailpoint([] { return FAILPOINT("ledger_after_usage"); });
  Add<AdminEntryTables>(database);
  Add<CapacityTables>(database);
  Add<HistoryTables>(database, *dimensions);
  Add<OutcomeBookTables>(database, options.day_zone);
  AddFailpoint([] { return FAILPOINT("ledger_after_outcomes"); });
  Add<SilenceTables>(database, *usage);
  Add<SourceTables>(database, *dimensions, *usage, options.keep_sources_nanos);
  Add<StreamPositionTable>(database);
  AddFailpoint([] { return FAILPOINT("ledger_after_streams"); });
  Add<ReportResultTables>(database, options.keep_hours_nanos);
  Add<TermTables>(database);
  Add<ConfirmedTimeTable>(database);
  reference_data_ = Add<ReferenceTables>(database);
}

absl::Status LedgerTables::Prepare() {
  for (const Entry& entry : entries_) {
    if (absl::Status status = entry.table->Prepare(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status LedgerTables::Restore(RestoredBooks* books) {
  for (const Entry& entry : entries_) {
    if (absl::Status status = entry.table->Restore(books); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status LedgerTables::Stage(const LedgerTransaction& transaction) {
  for (const Entry& entry : entries_) {
    absl::Status status = entry.table->Stage(transaction);
    if (status.ok() && entry.staged != nullptr) status = entry.staged();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> LedgerTables::FindExpired(int64_t now_unix_nanos) {
  expired_.clear();
  for (const Entry& entry : entries_) {
    const auto found = entry.table->FindExpired(now_unix_nanos);
    if (!found.ok()) return found;
    if (*found) expired_.push_back(entry.table.get());
  }
  return !expired_.empty();
}

absl::Status LedgerTables::DeleteExpired() {
  for (LedgerTable* table : expired_) {
    if (absl::Status status = table->DeleteExpired(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void LedgerTables::Commit() {
  for (const Entry& entry : entries_) entry.table->Commit();
}

void LedgerTables::Rollback() {
  for (const Entry& entry : entries_) entry.table->Rollback();
}

}  // namespace fleetmeter
