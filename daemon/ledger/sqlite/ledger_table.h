// One table of the ledger's file, or a few that are written together.
//
// LedgerTables has the list of them, and calls each in the order of the list. A table writes its
// rows in Stage and DeleteExpired, which run between the file's BEGIN and COMMIT; an error there
// rolls back the file and the memory of every table. Not thread-safe; belongs to LedgerTables.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/transaction_part.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

class LedgerTable : public TransactionPart {
 public:
  // Prepares its statements. Called once, before everything else.
  virtual absl::Status Prepare() = 0;

  // Reads what a start needs, into `books` and into its own memory. Called once, before anything is
  // staged; `books` holds what the tables before it in the list have read.
  virtual absl::Status Restore(RestoredBooks* /*books*/) { return absl::OkStatus(); }

  // Writes what the transaction changes. The transaction has passed CheckTransaction.
  virtual absl::Status Stage(const LedgerTransaction& /*transaction*/) { return absl::OkStatus(); }

  // Looks for rows that are kept no longer, a limited number at a time. It only reads, outside of a
  // transaction. True: it has found some, and DeleteExpired is called next.
  virtual absl::StatusOr<bool> FindExpired(int64_t /*now_unix_nanos*/) { return false; }
  // Deletes what FindExpired has found, or a part of it.
  virtual absl::Status DeleteExpired() { return absl::OkStatus(); }

  // For tables that remember nothing of a transaction.
  void Commit() override {}
  void Rollback() override {}
};

}  // namespace fleetmeter
