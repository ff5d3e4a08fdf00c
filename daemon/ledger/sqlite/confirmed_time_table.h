// What time it is at least: the table confirmed_time. Not thread-safe; belongs to LedgerTables.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class ConfirmedTimeTable final : public LedgerTable {
 public:
  // `database` outlives it.
  explicit ConfirmedTimeTable(Database& database) : database_(database) {}

  absl::Status Prepare() override;
  absl::Status Restore(RestoredBooks* books) override;
  absl::Status Stage(const LedgerTransaction& transaction) override;
  void Commit() override { written_ = staged_; }
  void Rollback() override { staged_ = written_; }

 private:
  Database& database_;
  Statement save_;
  int64_t written_ = 0;
  int64_t staged_ = 0;
};

}  // namespace fleetmeter
