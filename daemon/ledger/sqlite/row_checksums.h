// Checksums of the rows of every table of the ledger, kept up to date in the transactions that
// change them, so that a start and `fleetmeterctl ledger verify` find what a disk or another
// program changed.
//
// SQLite's preupdate hook tells of each row before it is written: what it was is taken out of the
// sum of its table, and what it will be is put in. So a table that is added needs nothing here. The
// sums are written with the transaction, and checked by reading all rows. They guard against
// accidents, not against somebody who computes them too. For each
// row that changes the hook costs about half of what SQLite takes for an upsert of it.
//
// Tables whose names begin with "sqlite_" are SQLite's own, and are not followed; the definitions
// of tables, indexes and views are summed up once, when a migration has made them. Not thread-safe;
// belongs to SqliteLedger, and goes before the connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/transaction_part.h"
#include "daemon/ledger/sqlite/row_hash.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class RowChecksums final : public TransactionPart {
 public:
  // `database` outlives it.
  explicit RowChecksums(Database& database) : database_(database) {}
  ~RowChecksums() override;
  RowChecksums(const RowChecksums&) = delete;
  RowChecksums& operator=(const RowChecksums&) = delete;

  // Reads the sums, works out those that the file does not have yet, and follows every change from
  // now on. In a transaction.
  absl::Status Start();

  // Writes the sums that the transaction has changed, as the last of what it writes.
  absl::Status Stage();
  void Commit() override;
  void Rollback() override;

 private:
  static void OnChange(void* self, sqlite3* connection, int operation, const char* database,
                       const char* table, int64_t old_row, int64_t new_row);
  void Note(sqlite3* connection, int operation, const char* table);
  absl::Status AddMissing();
  absl::Status Write(const std::string& table, const RowSum& sum);

  Database& database_;
  Statement write_;
  std::map<std::string, RowSum, std::less<>> sums_;     // as committed
  std::map<std::string, RowSum, std::less<>> changes_;  // by the transaction under way
  int failed_ = 0;  // an SQLite code: the hook could not read a row
};

// What reading the rows of a ledger found.
struct RowCheck {
  std::vector<std::string> findings;  // sentences
  int64_t tables = 0;                 // whose rows were all read
  int64_t left = 0;                   // that there was no time for
};

// Compares the rows of each table with its sum, small tables first, and then what SQLite itself
// checks of the file, for at most `limit`; nothing: for as long as it takes, and without SQLite's
// own check. An error: the file cannot be read.
absl::StatusOr<RowCheck> CheckRows(Database& database,
                                   std::optional<std::chrono::nanoseconds> limit);

}  // namespace fleetmeter
