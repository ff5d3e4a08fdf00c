// What history said by source and window. Not thread-safe; belongs to LedgerTables.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/history_usage.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/dimension_tables.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/name_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class HistoryTables final : public LedgerTable {
 public:
  // `database` and `dimensions` outlive it.
  HistoryTables(Database& database, DimensionTables& dimensions)
      : database_(database), dimensions_(dimensions), uses_(database) {}

  absl::Status Prepare() override;
  absl::Status Stage(const LedgerTransaction& transaction) override;
  void Commit() override { uses_.Commit(); }
  void Rollback() override { uses_.Rollback(); }

 private:
  absl::Status Write(const HistoryWindow& window);
  absl::Status WriteGroup(const HistoryWindow& window, size_t index, int64_t window_row);
  absl::Status Restate(const RestatedUsage& restated);

  Database& database_;
  DimensionTables& dimensions_;
  NameTable uses_;
  Statement insert_window_;
  Statement insert_group_;
  Statement delete_window_;
  Statement delete_groups_;
  Statement move_windows_;
};

}  // namespace fleetmeter
