// The file of a ledger: is it one, and who may write it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// Held by the one process that may write a ledger: a lock on PATH.lock, for as long as the object
// lives. The kernel lets go of it when the process ends, however it ends.
class LedgerLock {
 public:
  // FailedPrecondition, with the holder's process id, where another process has it. Waits for some
  // seconds where that process has ended and only a child that it had forked still has the lock.
  static absl::StatusOr<std::unique_ptr<LedgerLock>> Take(const std::string& path);
  ~LedgerLock();
  LedgerLock(const LedgerLock&) = delete;
  LedgerLock& operator=(const LedgerLock&) = delete;

 private:
  explicit LedgerLock(int fd) : fd_(fd) {}
  const int fd_;
};

// Whether `path` can be a ledger's, whatever is there now: InvalidArgument or NotFound says what
// was expected of it.
absl::Status CheckLedgerFolder(const std::string& path);
// And whether what is there now may be one.
absl::Status CheckLedgerPath(const std::string& path);

// Makes an empty file that only the owner can read, unless there is one.
absl::Status MakeLedgerFile(const std::string& path);

// That what a folder lists is on the disk.
absl::Status SyncFolderOf(const std::string& path);

// For reading only, beside a daemon or without one. The tables are of the version that this program
// knows. Errors say what is in the way.
absl::StatusOr<std::unique_ptr<Database>> OpenLedgerToRead(const std::string& path);

}  // namespace fleetmeter
