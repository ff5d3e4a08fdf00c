// How far each stream was settled, and which streams are not kept any more: the tables streams,
// retired_totals and retired_streams. Not thread-safe; belongs to LedgerTables.
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
  absl::Status RestoreRetired(RetiredStreams* retired);
  absl::Status Write(const StreamPosition& position);
  absl::Status Retire(const StreamPosition& position);

  Database& database_;
  Statement update_stream_;
  Statement insert_stream_;
  Statement delete_stream_;
  Statement add_retired_;
  Statement insert_retired_;
  Statement bound_retired_;
};

}  // namespace fleetmeter
