// All tables of the ledger's file as one: the list of them is in the constructor.
//
// A table is added by its files (a LedgerTable), an entry of the list, and a migration in
// ledger_schema.cc. Not thread-safe; belongs to SqliteLedger.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/transaction_part.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/reference_tables.h"
#include "daemon/ledger/sqlite/rollups.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/sqlite/sqlite_ledger_options.h"

namespace fleetmeter {

class LedgerTables final : public TransactionPart {
 public:
  // `database` outlives it.
  LedgerTables(Database& database, const SqliteLedgerOptions& options);

  // Each calls every table in the order of the list, until one fails. See LedgerTable.
  absl::Status Prepare();
  absl::Status Restore(RestoredBooks* books);
  absl::Status Stage(const LedgerTransaction& transaction);
  absl::StatusOr<bool> FindExpired(int64_t now_unix_nanos);
  absl::Status DeleteExpired();
  void Commit() override;
  void Rollback() override;

  // Those that stage other things than transactions of reports.
  ReferenceTables& reference_data() { return *reference_data_; }
  Rollups& rollups() { return *rollups_; }

 private:
  using Failpoint = absl::Status (*)();

  struct Entry {
    std::unique_ptr<LedgerTable> table;
    Failpoint staged = nullptr;  // passed when the table has been staged; nullptr: none
  };

  template <class Table, class... Arguments>
  Table* Add(Arguments&&... arguments) {
    auto table = std::make_unique<Table>(std::forward<Arguments>(arguments)...);
    Table* added = table.get();
    entries_.push_back({std::move(table)});
    return added;
  }
  // To be passed when the table that was added last has been staged.
  void AddFailpoint(Failpoint failpoint) { entries_.back().staged = failpoint; }

  std::vector<Entry> entries_;
  ReferenceTables* reference_data_ = nullptr;  // both among the entries
  Rollups* rollups_ = nullptr;
  std::vector<LedgerTable*> expired_;  // have rows to delete, as FindExpired said last
};

}  // namespace fleetmeter
