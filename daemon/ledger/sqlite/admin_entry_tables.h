// What people decided about the books, and the other names of sources. Not thread-safe; belongs to
// LedgerTables.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class AdminEntryTables final : public LedgerTable {
 public:
  // `database` outlives it.
  explicit AdminEntryTables(Database& database) : database_(database) {}

  absl::Status Prepare() override;
  absl::Status Restore(RestoredBooks* books) override;
  absl::Status Stage(const LedgerTransaction& transaction) override;

 private:
  absl::Status Write(const AdminEntry& entry);

  Database& database_;
  Statement insert_entry_;
  Statement move_aliases_;
  Statement insert_alias_;
};

}  // namespace fleetmeter
