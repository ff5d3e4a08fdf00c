// How far each stream was settled: the table streams. Not thread-safe; belongs to LedgerTables.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class StreamPositionTable final : public LedgerTable {
 public:
  // `database` outlives it.
  explicit StreamPositionTable(Database& database) : database_(database) {}

  absl::Status Prepare() override;
  absl::Status Restore(RestoredBooks* books) override;
  absl::Status Stage(const LedgerTransaction& transaction) override;

 private:
  absl::Status Write(const StreamPosition& position);

  Database& database_;
  Statement update_stream_;
  Statement insert_stream_;
};

}  // namespace fleetmeter
