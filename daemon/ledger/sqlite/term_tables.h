// How long each set of grants has been in force. Not thread-safe; belongs to LedgerTables.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class TermTables final : public LedgerTable {
 public:
  // `database` outlives it.
  explicit TermTables(Database& database) : database_(database) {}

  absl::Status Prepare() override;
  absl::Status Restore(RestoredBooks* books) override;
  absl::Status Stage(const LedgerTransaction& transaction) override;
  void Commit() override;
  void Rollback() override { staged_.clear(); }

 private:
  absl::Status RestoreGrants(std::vector<AllocationTerm>* terms);
  absl::Status Write(size_t term, const AllocationTerm& value);

  Database& database_;
  Statement upsert_term_;
  Statement delete_grants_;
  Statement insert_grant_;
  // Of each term that the file has: grants change rarely, and are written when they do.
  std::vector<std::vector<Grant>> grants_;
  std::vector<std::pair<size_t, std::vector<Grant>>> staged_;
};

}  // namespace fleetmeter
