#include "daemon/ledger/sqlite/sqlite_ledger.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/base/failpoint.h"
#include "daemon/base/text.h"
#include "daemon/ledger/read/read_entries.h"
#include "daemon/ledger/read/read_history.h"
#include "daemon/ledger/sqlite/check_transaction.h"
#include "daemon/ledger/sqlite/day_zone_row.h"
#include "daemon/ledger/sqlite/ledger_memory.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "daemon/ledger/sqlite/report_result_tables.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int kBusyMillis = 2'000;
constexpr int64_t kFrameBytes = 4'096 + 24;  // of a page in the log

std::string RandomId() {
  std::random_device random;
  std::string id(16, '\0');
  for (char& byte : id) byte = static_cast<char>(random());
  return id;
}

// secure_delete would write every freed page again. Readers never block the writer in this mode;
// the timeout is for one that recovers the log.
std::string Settings() {
  return fmt::format(
      "PRAGMA secure_delete = OFF; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
      "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 0; "
      "PRAGMA temp_store = MEMORY; PRAGMA busy_timeout = {}",
      kBusyMillis);
}

absl::Status UseWriteAheadLog(Database& database) {
  const auto mode = database.Text("PRAGMA journal_mode = WAL");
  if (!mode.ok()) return mode.status();
  if (*mode == "wal") return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("the ledger's filesystem does not do write-ahead logging (SQLite is left in mode "
                  "'{}'); expected a local disk",
                  *mode));
}

// Every report that was settled or deferred moved its stream by one. Quick, and false when pages of
// different times were put together; the full check is VerifyLedger.
absl::Status CheckPositions(const RestoredBooks& books) {
  uint64_t sequences = books.retired.sequences;
  for (const StreamPosition& stream : books.streams) sequences += stream.sequence;
  const uint64_t settled = books.counters.Moved();
  if (sequences == settled) return absl::OkStatus();
  return absl::DataLossError(fmt::format(
      "its streams have settled {} reports, but {} were accepted, rejected or deferred: the file "
      "is damaged; 'fleetmeterctl ledger verify' says more, and 'fleetmeterctl ledger "
      "restore' goes back to a backup",
      sequences, settled));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteLedger>> SqliteLedger::Open(
    const SqliteLedgerOptions& options) {
  if (absl::Status status = CheckLedgerPath(options.path); !status.ok()) return status;
  auto lock = LedgerLock::Take(options.path);
  if (!lock.ok()) return lock.status();
  // The memory is of the system's files, not of those of tests.
  const LedgerMemory memory = options.vfs == nullptr ? (*lock)->memory() : LedgerMemory();
  absl::Status status = CheckStillThere(options.path, memory);
  if (status.ok()) status = MakeLedgerFile(options.path);
  if (status.ok()) status = (*lock)->HoldFile();
  if (!status.ok()) return status;
  auto database = Database::Open(options.path, {.vfs = options.vfs});
  if (!database.ok()) return database.status();
  // Before the mode is changed, which writes: a file that is not ours stays as it is.
  status = (*database)->Execute(Settings());
  if (status.ok()) status = CheckOwnership(**database, options.path);
  if (status.ok()) status = CheckNotEmptied(**database, options.path, memory);
  if (status.ok()) status = UseWriteAheadLog(**database);
  if (status.ok()) status = MigrateSchema(**database, options.path);
  if (!status.ok()) return status;
  std::unique_ptr<SqliteLedger> ledger(
      new SqliteLedger(options, *std::move(lock), *std::move(database)));
  if (status = ledger->CheckAndFollowRows(); !status.ok()) return status;
  // When changes are followed: SQLite plans some statements otherwise then.
  status = ledger->tables_.Prepare();
  if (status.ok() && options.vfs == nullptr) status = ledger->BeginWatch();
  if (!status.ok()) return status;
  return ledger;
}

SqliteLedger::SqliteLedger(const SqliteLedgerOptions& options, std::unique_ptr<LedgerLock> lock,
                           std::unique_ptr<Database> database)
    : options_(options),
      lock_(std::move(lock)),
      database_(std::move(database)),
      checksums_(*database_),
      tables_(*database_, options) {
  const auto committed = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<SqliteLedger*>(self)->log_pages_ = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(database_->connection(), committed, this);
}

SqliteLedger::~SqliteLedger() {
  if (watch_ == nullptr || !broken_.ok()) return;
  const LedgerWatch::Found found = watch_->Look();
  const bool damaged = absl::IsDataLoss(found.status);
  // A file that was moved is to stand for itself: SQLite would leave its log where the file was,
  // beside whatever is there now.
  if (!found.status.ok() && !damaged) Checkpoint();
  // And SQLite would delete what has the name of its log, whosever it is.
  if (damaged || !found.log_in_place) LeaveLogWhenClosing();
}

absl::Status SqliteLedger::BeginWatch() {
  const char* file = sqlite3_db_filename(database_->connection(), "main");
  auto watch = LedgerWatch::Begin(options_.path, sqlite3_filename_wal(file),
                                  std::string(file) + "-shm", lock_->file());
  if (!watch.ok()) return watch.status();
  watch_ = *std::move(watch);
  return absl::OkStatus();
}

absl::Status SqliteLedger::CheckMemory(const RestoredBooks& books) {
  if (watch_ == nullptr) return absl::OkStatus();
  memory_ = MemoryOf(id_, books.counters.Moved());
  absl::Status status = CheckNotOlder(options_.path, lock_->memory(), memory_);
  if (status.ok()) lock_->Remember(memory_);
  return status;
}

absl::Status SqliteLedger::CheckFiles() {
  return watch_ == nullptr ? absl::OkStatus() : Judge(watch_->Look());
}

absl::Status SqliteLedger::CheckNames() {
  return watch_ == nullptr ? absl::OkStatus() : Judge(watch_->LookAtNames());
}

absl::Status SqliteLedger::Judge(const LedgerWatch::Found& found) {
  if (options_.probe != nullptr) options_.probe->FileInPlace(found.status.ok());
  if (found.status.ok() || absl::IsUnavailable(found.status)) return found.status;
  // A log that lost its name is still open, and goes into the file. One that was cut off or written
  // would ruin it.
  if (absl::IsAborted(found.status)) Checkpoint();
  LeaveLogWhenClosing();
  return Break(found.status);
}

void SqliteLedger::NoteOwnChanges() {
  if (watch_ != nullptr) watch_->NoteOwnChanges();
}

absl::Status SqliteLedger::CheckAndFollowRows() {
  absl::Status status = database_->Execute("BEGIN IMMEDIATE");
  if (status.ok()) status = checksums_.Start();
  if (status.ok()) status = CheckRowsAtStart();
  if (status.ok()) status = TakeDayZone(*database_, options_.day_zone, options_.path);
  if (status.ok()) status = LoadIdentity();
  if (status.ok()) status = checksums_.Stage();
  if (status.ok()) status = database_->Execute("COMMIT");
  if (status.ok()) {
    checksums_.Commit();
  } else if (database_->InTransaction()) {
    database_->Execute("ROLLBACK").IgnoreError();
  }
  return status;
}

absl::Status SqliteLedger::CheckRowsAtStart() {
  const auto check =
      CheckRows(*database_, std::chrono::nanoseconds(options_.check_rows_at_start_nanos));
  if (!check.ok()) return check.status();
  tables_checked_ = check->tables;
  tables_left_ = check->left;
  if (check->findings.empty()) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("ledger {}: {}; 'fleetmeterctl ledger verify' says more, and 'fleetmeterctl "
                  "ledger restore' goes back to a backup",
                  Quoted(options_.path), check->findings.front()));
}

absl::Status SqliteLedger::LoadIdentity() {
  auto id = database_->Text("SELECT ledger_id FROM ledger_info");
  if (absl::IsNotFound(id.status())) {
    id = RandomId();
    Statement insert;
    absl::Status status = database_->Prepare("INSERT INTO ledger_info VALUES (1, ?1, ?2)", &insert);
    if (status.ok()) status = insert.Run(Blob{*id}, SystemClock().UnixNanos());
    if (!status.ok()) return status;
  }
  if (!id.ok()) return id.status();
  id_ = *std::move(id);
  return absl::OkStatus();
}

std::string SqliteLedger::Describe() const {
  const std::string left =
      tables_left_ == 0
          ? ""
          : fmt::format(", and {} were left to 'fleetmeterctl ledger verify' for want of time",
                        tables_left_);
  return fmt::format(
      "books are kept in {}, synced to disk before anything is acknowledged; hours are kept for {} "
      "days, days for {}, quarters and outcomes for ever; the rows of {} tables match their "
      "checksums{}",
      Quoted(options_.path), options_.keep_hours_nanos / kDay, options_.keep_days_nanos / kDay,
      tables_checked_, left);
}

absl::StatusOr<RestoredBooks> SqliteLedger::Restore() {
  RestoredBooks books;
  absl::Status status = database_->Execute("BEGIN");
  if (status.ok()) status = tables_.Restore(&books);
  if (status.ok()) status = CheckPositions(books);
  if (status.ok()) status = CheckMemory(books);
  if (status.ok()) status = database_->Execute("COMMIT");
  if (!status.ok()) {
    return absl::Status(status.code(),
                        fmt::format("restoring the books from {}: {}", Quoted(options_.path),
                                    std::string(status.message())));
  }
  return books;
}

absl::Status SqliteLedger::Commit(const LedgerTransaction& transaction) {
  if (!broken_.ok()) return broken_;
  if (absl::Status status = CheckFiles(); !status.ok()) return status;
  if (transaction.empty() && transaction.terms.empty()) return absl::OkStatus();
  // Before anything is touched, so that nothing needs undoing.
  if (absl::Status status = CheckTransaction(transaction); !status.ok()) return status;
  absl::Status status = Transact([&] { return tables_.Stage(transaction); });
  if (!status.ok() || watch_ == nullptr) return status;
  memory_.settled += CountersOf(transaction).Moved();
  lock_->Remember(memory_);
  // What was moved away meanwhile has the transaction, or has not.
  status = CheckNames();
  return status.ok() || !broken_.ok() ? status : Break(status);
}

absl::Status SqliteLedger::RecordReferenceData(const ReferenceData& reference,
                                               int64_t now_unix_nanos) {
  if (!broken_.ok()) return broken_;
  if (absl::Status status = CheckFiles(); !status.ok()) return status;
  return Transact([&] { return tables_.reference_data().Stage(reference, now_unix_nanos); });
}

absl::Status SqliteLedger::Maintain(int64_t now_unix_nanos) {
  if (!broken_.ok()) return broken_;
  if (absl::Status status = CheckFiles(); !status.ok()) return status;
  Rollups& rollups = tables_.rollups();
  const auto work = rollups.Next(now_unix_nanos);
  if (!work.ok()) return OrBreak(work.status());
  if (*work != Rollups::Work::kNone) {
    return Transact([&] { return rollups.Stage(*work, now_unix_nanos); });
  }
  const auto expired = tables_.FindExpired(now_unix_nanos);
  if (!expired.ok()) return OrBreak(expired.status());
  return *expired ? Transact([&] { return tables_.DeleteExpired(); }) : absl::OkStatus();
}

absl::StatusOr<std::vector<InferenceDay>> SqliteLedger::InferenceDays(int64_t from_day,
                                                                      int64_t to_day) {
  if (!broken_.ok()) return broken_;
  auto days = ReadInferenceDays(*database_, from_day, to_day);
  if (!days.ok()) return OrBreak(days.status());
  return days;
}

absl::StatusOr<std::vector<HistoryWindow>> SqliteLedger::HistoryWindows(const std::string& source,
                                                                        TimeSpan time) {
  if (!broken_.ok()) return broken_;
  auto windows = ReadHistoryWindows(*database_, source, time);
  if (!windows.ok()) return OrBreak(windows.status());
  return windows;
}

absl::Status SqliteLedger::Transact(const std::function<absl::Status()>& stage) {
  absl::Status status = FAILPOINT("ledger_before_begin");
  if (status.ok()) status = database_->Execute("BEGIN IMMEDIATE");
  if (status.ok()) status = FAILPOINT("ledger_after_begin");
  if (status.ok()) status = stage();
  if (status.ok()) status = checksums_.Stage();
  if (status.ok()) status = FAILPOINT("ledger_before_commit");
  if (status.ok()) status = CommitOrBreak();
  if (status.ok()) {
    tables_.Commit();
    checksums_.Commit();
    CheckpointIfDue();
    NoteOwnChanges();
    return status;
  }
  tables_.Rollback();
  checksums_.Rollback();
  if (!broken_.ok()) return broken_;
  if (database_->InTransaction()) {
    const absl::Status undone = database_->Execute("ROLLBACK");
    if (!undone.ok()) return Break(undone);
  }
  NoteOwnChanges();  // frames that belong to no transaction
  return OrBreak(status);
}

// Of an error after which nothing has changed: whether it passes.
absl::Status SqliteLedger::OrBreak(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kInvalidArgument:
      return status;
    default:
      return Break(status);
  }
}

// COMMIT writes the log's last frames and syncs them. When it fails:
// - Full disk (SQLITE_FULL): a write of a frame was refused. The frame that makes the transaction
//   valid is written last and only after all others, so the transaction is not in the log, and
//   SQLite has rolled it back (autocommit is on again). Were that frame there in spite of this, the
//   next transaction would overwrite it, and a recovery that finds it would find the streams'
//   positions with it: senders that try again would be told that they were heard. May be retried.
// - Locked (SQLITE_BUSY): nothing was written. May be retried.
// - Everything else, a failed sync above all: the frames may or may not be on the disk, and a
//   second sync may report success for pages that the first one dropped. Only a recovery can tell.
absl::Status SqliteLedger::CommitOrBreak() {
  const int code = sqlite3_exec(database_->connection(), "COMMIT", nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) {
    absl::Status injected = FAILPOINT("ledger_after_commit");
    return injected.ok() ? injected : Break(injected);
  }
  const absl::Status status = SqliteStatus(database_->connection(), code, "COMMIT");
  const int primary = code & 0xff;
  const bool undone = primary == SQLITE_FULL && !database_->InTransaction();
  return undone || primary == SQLITE_BUSY ? status : Break(status);
}

absl::Status SqliteLedger::Break(const absl::Status& why) {
  broken_ = absl::DataLossError(
      fmt::format("ledger {}: {}; what reached the disk is not known: end this process and start "
                  "it again, which recovers what was committed",
                  Quoted(options_.path), std::string(why.message())));
  return broken_;
}

// The log is emptied, not only copied: frames that are in the file already would, should they rot
// where they lie, bring back old pages among new ones at the next recovery.
void SqliteLedger::CheckpointIfDue() {
  if (log_pages_ < options_.checkpoint_pages) return TellLog(log_pages_);
  const int code = Checkpoint();
  const absl::Status status = SqliteStatus(database_->connection(), code, "checkpoint");
  // Nor does a file that cannot grow lose anything. A disk that fails is not asked twice.
  const int primary = code & 0xff;
  const bool bad = primary == SQLITE_IOERR || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
  if (bad && !absl::IsResourceExhausted(status)) Break(status).IgnoreError();
}

int SqliteLedger::Checkpoint() {
  sqlite3* const connection = database_->connection();
  // Waits for nobody: what a reader still needs stays, and the next commit tries again.
  sqlite3_busy_timeout(connection, 0);
  int pages = 0;
  int moved = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(connection, nullptr, SQLITE_CHECKPOINT_TRUNCATE, &pages, &moved);
  sqlite3_busy_timeout(connection, kBusyMillis);
  if (options_.probe != nullptr) options_.probe->Checkpointed(code == SQLITE_OK);
  TellLog(code == SQLITE_OK ? 0 : std::max(pages, 0) - std::max(moved, 0));
  return code;
}

void SqliteLedger::LeaveLogWhenClosing() {
  sqlite3_db_config(database_->connection(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

void SqliteLedger::TellLog(int unmoved_pages) {
  if (options_.probe == nullptr || watch_ == nullptr) return;
  options_.probe->LogSize(watch_->LogBytes(), unmoved_pages * kFrameBytes);
}

}  // namespace fleetmeter
