// Books that outlive the process: an SQLite file in write-ahead mode, synced before a commit is
// reported. See ledger_schema_v1.h and the later ones for its tables.
//
// Other processes may read the file at any time; one process at a time writes it (LedgerLock).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/dimension_tables.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/ledger/sqlite/model_usage_tables.h"
#include "daemon/ledger/sqlite/outcome_book_tables.h"
#include "daemon/ledger/sqlite/reference_tables.h"
#include "daemon/ledger/sqlite/report_result_tables.h"
#include "daemon/ledger/sqlite/rollups.h"
#include "daemon/ledger/sqlite/source_tables.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/sqlite/term_tables.h"
#include "daemon/ledger/sqlite/usage_tables.h"

namespace fleetmeter {

struct SqliteLedgerOptions {
  std::string path;
  int64_t keep_hours_nanos = 0;
  int64_t keep_days_nanos = 0;
  // A day is rolled up, and closed, when it ended so long ago.
  int64_t max_lateness_nanos = 0;
  // Sources are forgotten when nothing was counted for so long. At least as long as an overlapping
  // window could still be admitted.
  int64_t keep_sources_nanos = 0;
  // Most workloads with rows of their own in a pool's hour; the rest share one.
  size_t workloads_per_pool = 0;
  // The write-ahead log is moved into the file when it is longer; pages of 4 KiB.
  int checkpoint_pages = 4'000;
  const char* vfs = nullptr;  // for tests; nullptr: the system's files
};

class SqliteLedger final : public Ledger {
 public:
  // Opens or makes the file, takes its lock, and brings its tables to this program's version.
  // Errors are sentences for the operator.
  static absl::StatusOr<std::unique_ptr<SqliteLedger>> Open(const SqliteLedgerOptions& options);
  ~SqliteLedger() override;

  absl::StatusOr<RestoredBooks> Restore() override;
  // Also InvalidArgument, for a transaction that contradicts itself: nothing has changed.
  absl::Status Commit(const LedgerTransaction& transaction) override;
  absl::Status RecordReferenceData(const ReferenceData& reference, int64_t now_unix_nanos) override;
  absl::Status Maintain(int64_t now_unix_nanos) override;
  LedgerIdentity Identity() const override { return {.id = id_, .durable = true}; }
  std::string Describe() const override;

 private:
  SqliteLedger(const SqliteLedgerOptions& options, std::unique_ptr<LedgerLock> lock,
               std::unique_ptr<Database> database);

  absl::Status Prepare();
  absl::Status LoadIdentity();
  absl::Status Write(const LedgerTransaction& transaction);
  absl::Status DeleteExpired(int64_t now_unix_nanos);
  // Runs `work` between BEGIN and COMMIT. After an error nothing has changed, in the file or in
  // memory, or the ledger is broken.
  absl::Status Transact(const std::function<absl::Status()>& work);
  absl::Status CommitOrBreak();
  absl::Status OrBreak(const absl::Status& status);
  absl::Status Break(const absl::Status& why);
  void Keep();
  void Drop();
  // Moves the log into the file, when it has grown. An error of the disk breaks the ledger.
  void CheckpointIfDue();

  const SqliteLedgerOptions options_;
  std::string id_;
  const std::unique_ptr<LedgerLock> lock_;
  const std::unique_ptr<Database> database_;
  int log_pages_ = 0;    // of the write-ahead log, as of the latest commit
  absl::Status broken_;  // not OK: what every later call gives

  DimensionTables dimensions_;
  UsageTables usage_;
  ModelUsageTables model_usage_;
  OutcomeBookTables outcomes_;
  SourceTables sources_;
  TermTables terms_;
  ReportResultTables report_results_;
  ReferenceTables models_;
  Rollups rollups_;
};

}  // namespace fleetmeter
