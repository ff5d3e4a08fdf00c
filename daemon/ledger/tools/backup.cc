#include "daemon/ledger/tools/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/ledger/sqlite/ledger_lock.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Of 4 KiB, copied in one go. A write in between by another process would start the copy over, were
// it not for the read transaction that holds on to one state of the books.
constexpr int kPagesInOneGo = 4'096;

absl::Status ErrnoStatus(std::string_view doing, const std::string& path) {
  return absl::ErrnoToStatus(errno, fmt::format("{} {}", doing, Quoted(path)));
}

bool IsThere(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::symlink_status(path, ignored).type() !=
         std::filesystem::file_type::not_found;
}

// Removes a file unless it is released.
class Unfinished {
 public:
  explicit Unfinished(std::string path) : path_(std::move(path)) {}
  ~Unfinished() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  void Release() { path_.clear(); }

 private:
  std::string path_;
};

absl::Status CopyPages(Database& from, Database& to) {
  sqlite3_backup* backup = sqlite3_backup_init(to.connection(), "main", from.connection(), "main");
  if (backup == nullptr) {
    return SqliteStatus(to.connection(), sqlite3_errcode(to.connection()), "starting the copy");
  }
  int code = SQLITE_OK;
  while (code == SQLITE_OK) code = sqlite3_backup_step(backup, kPagesInOneGo);
  const int finished = sqlite3_backup_finish(backup);
  if (code == SQLITE_DONE && finished == SQLITE_OK) return absl::OkStatus();
  return SqliteStatus(to.connection(), code == SQLITE_DONE ? finished : code, "copying");
}

absl::Status SyncFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus("opening", path);
  const absl::Status status = fsync(fd) == 0 ? absl::OkStatus() : ErrnoStatus("syncing", path);
  close(fd);
  return status;
}

// The books of `from` in a new file, synced.
absl::Status Copy(Database& from, const std::string& to) {
  if (absl::Status status = MakeLedgerFile(to); !status.ok()) return status;
  {
    auto copy = Database::Open(to, {});
    if (!copy.ok()) return copy.status();
    absl::Status status = (*copy)->Execute("PRAGMA synchronous = FULL");
    if (status.ok()) status = from.Execute("BEGIN");
    if (status.ok()) status = from.Integer("SELECT count(*) FROM ledger_info").status();
    if (status.ok()) status = CopyPages(from, **copy);
    if (from.InTransaction()) from.Execute("ROLLBACK").IgnoreError();
    // A file that stands for itself: whoever reads it makes no files beside it.
    if (status.ok()) status = (*copy)->Text("PRAGMA journal_mode = DELETE").status();
    if (!status.ok()) return status;
  }
  return SyncFile(to);
}

// Makes `from` appear as `to`, which must not be there, on the disk too.
absl::Status MoveToNew(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    return ErrnoStatus("making", to);
  }
  return SyncFolderOf(to);
}

absl::StatusOr<LedgerReport> VerifyBackup(Database& backup, const std::string& path) {
  auto report = VerifyDatabase(backup);
  if (report.ok() && !report->findings.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("backup {} does not hold together: {}; nothing was changed", Quoted(path),
                    report->findings.front()));
  }
  return report;
}

// Empties the log into the file, so that the file alone is the ledger.
absl::Status FoldLog(const std::string& path) {
  auto ledger = Database::Open(path, {});
  if (!ledger.ok()) return ledger.status();
  return (*ledger)->Integer("PRAGMA wal_checkpoint(TRUNCATE)").status();
}

// With the lock held: gives the ledger a second name, and moves its log there. What cannot be read
// cannot be folded either, and keeps its log.
absl::Status KeepAside(const std::string& path, const std::string& aside) {
  FoldLog(path).IgnoreError();
  if (link(path.c_str(), aside.c_str()) != 0) return ErrnoStatus("making", aside);
  for (const char* suffix : {"-wal", "-shm"}) {
    if (!IsThere(path + suffix)) continue;
    absl::Status status = MoveToNew(path + suffix, aside + suffix);
    if (!status.ok()) return status;
  }
  return SyncFolderOf(path);
}

// A restore by root leaves the ledger with the service that had it before; where there was none,
// the owner of the folder has it already.
void GiveToOwnerOf(const std::string& path, const std::string& restored) {
  struct stat before{};
  if (geteuid() != 0 || stat(path.c_str(), &before) != 0) return;
  [[maybe_unused]] const int given = chown(restored.c_str(), before.st_uid, before.st_gid);
}

}  // namespace

absl::Status BackUpLedger(const std::string& path, const std::string& to) {
  if (absl::Status status = CheckLedgerPath(to); !status.ok()) return status;
  if (IsThere(to)) {
    return absl::AlreadyExistsError(
        fmt::format("{} is there; expected a new name for the backup", Quoted(to)));
  }
  auto from = OpenLedgerToRead(path);
  if (!from.ok()) return from.status();
  const std::string unfinished = fmt::format("{}.unfinished-{}", to, getpid());
  Unfinished remove(unfinished);
  if (absl::Status status = Copy(**from, unfinished); !status.ok()) {
    return absl::Status(status.code(), fmt::format("backing up {} to {}: {}", Quoted(path),
                                                   Quoted(to), std::string(status.message())));
  }
  if (absl::Status status = MoveToNew(unfinished, to); !status.ok()) return status;
  remove.Release();
  return absl::OkStatus();
}

absl::StatusOr<LedgerReport> RestoreLedger(const std::string& backup, const std::string& path) {
  if (absl::Status status = CheckLedgerFolder(path); !status.ok()) return status;
  const auto lock = LedgerLock::Take(path);
  if (!lock.ok()) return lock.status();
  if (access(path.c_str(), F_OK) == 0) {
    if (absl::Status held = (*lock)->HoldFile(); !held.ok()) return held;
  }
  const std::string aside = path + ".before-restore";
  for (const char* suffix : {"", "-wal", "-shm"}) {
    if (!IsThere(aside + suffix)) continue;
    return absl::FailedPreconditionError(
        fmt::format("{} is there from an earlier restore; move it away or remove it first",
                    Quoted(aside + suffix)));
  }
  auto from = OpenLedgerToRead(backup);
  if (!from.ok()) return from.status();
  auto report = VerifyBackup(**from, backup);
  if (!report.ok()) return report;
  const std::string unfinished = fmt::format("{}.unfinished-{}", path, getpid());
  Unfinished remove(unfinished);
  if (absl::Status status = Copy(**from, unfinished); !status.ok()) return status;
  GiveToOwnerOf(path, unfinished);
  if (IsThere(path)) {
    if (absl::Status status = KeepAside(path, aside); !status.ok()) return status;
  }
  (*lock)->Remember({});  // the books may be older from now on
  // In one step: whenever the machine stops, there is a ledger of that name.
  if (rename(unfinished.c_str(), path.c_str()) != 0) return ErrnoStatus("replacing", path);
  remove.Release();
  if (absl::Status status = SyncFolderOf(path); !status.ok()) return status;
  return report;
}

}  // namespace fleetmeter
