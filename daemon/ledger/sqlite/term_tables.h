// How long each set of grants has been in force. Not thread-safe; belongs to SqliteLedger.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class TermTables {
 public:
  // `database` outlives it.
  explicit TermTables(Database& database) : database_(database) {}

  absl::Status Prepare();
  absl::Status Load(std::vector<AllocationTerm>* terms);
  absl::Status Write(const LedgerTransaction& transaction);

  void Keep();
  void Drop() { staged_.clear(); }

 private:
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
