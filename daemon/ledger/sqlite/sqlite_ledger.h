// Books that outlive the process: an SQLite file in write-ahead mode, synced before a commit is
// reported. See ledger_schema_v1.h and the later ones for its tables.
//
// Other processes may read the file at any time; one process at a time writes it (LedgerLock).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/ledger/sqlite/ledger_lock.h"
#include "daemon/ledger/sqlite/ledger_tables.h"
#include "daemon/ledger/sqlite/ledger_watch.h"
#include "daemon/ledger/sqlite/row_checksums.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/sqlite/sqlite_ledger_options.h"

namespace fleetmeter {

class SqliteLedger final : public Ledger {
 public:
  // Opens or makes the file, takes its locks, and brings its tables to this program's version.
  // Errors are sentences for the operator.
  static absl::StatusOr<std::unique_ptr<SqliteLedger>> Open(const SqliteLedgerOptions& options);
  ~SqliteLedger() override;

  absl::StatusOr<RestoredBooks> Restore() override;
  // Also InvalidArgument, for a transaction that contradicts itself: nothing has changed.
  absl::Status Commit(const LedgerTransaction& transaction) override;
  absl::Status RecordReferenceData(const ReferenceData& reference, int64_t now_unix_nanos) override;
  absl::Status Maintain(int64_t now_unix_nanos) override;
  absl::StatusOr<std::vector<InferenceDay>> InferenceDays(int64_t from_day,
                                                          int64_t to_day) override;
  absl::StatusOr<std::vector<HistoryWindow>> HistoryWindows(const std::string& source,
                                                            TimeSpan time) override;
  LedgerIdentity Identity() const override { return {.id = id_, .durable = true}; }
  std::string Describe() const override;

 private:
  SqliteLedger(const SqliteLedgerOptions& options, std::unique_ptr<LedgerLock> lock,
               std::unique_ptr<Database> database);

  // Compares the rows with their checksums, as long as there is time, and follows their changes
  // from now on. Takes the day zone and the identity, which may change rows.
  absl::Status CheckAndFollowRows();
  absl::Status CheckRowsAtStart();
  absl::Status LoadIdentity();
  // Neither is done with the files of tests.
  absl::Status BeginWatch();
  // That the books are no older than what was last written here.
  absl::Status CheckMemory(const RestoredBooks& books);
  // Whether the files are still those that were opened, as they were left. Unavailable: not at
  // present. Any other error breaks the ledger.
  absl::Status CheckFiles();
  absl::Status CheckNames();
  // What a look of the watch means for the ledger.
  absl::Status Judge(const LedgerWatch::Found& found);
  // After own changes: what they left is what the next look has to find.
  void NoteOwnChanges();
  // Runs `stage` between BEGIN and COMMIT, and commits the tables' memory with the file or rolls
  // both back. After an error nothing has changed, or the ledger is broken.
  absl::Status Transact(const std::function<absl::Status()>& stage);
  absl::Status CommitOrBreak();
  absl::Status OrBreak(const absl::Status& status);
  absl::Status Break(const absl::Status& why);
  // Moves the log into the file, when it has grown. An error of the disk breaks the ledger.
  void CheckpointIfDue();
  // The same at once; gives SQLite's code.
  int Checkpoint();
  // For the metrics: how much of the log is not in the file yet.
  void TellLog(int unmoved_pages);
  // From now on closing the connection neither moves the log nor deletes a file of its name.
  void LeaveLogWhenClosing();

  const SqliteLedgerOptions options_;
  std::string id_;
  const std::unique_ptr<LedgerLock> lock_;  // goes after the connection: see its header
  const std::unique_ptr<Database> database_;
  RowChecksums checksums_;
  int64_t tables_checked_ = 0;
  int64_t tables_left_ = 0;
  std::unique_ptr<LedgerWatch> watch_;  // nullptr in tests with files of their own
  LedgerMemory memory_;                 // what the lock's file says
  int log_pages_ = 0;                   // of the write-ahead log, as of the latest commit
  absl::Status broken_;                 // not OK: what every later call gives
  LedgerTables tables_;
};

}  // namespace fleetmeter
