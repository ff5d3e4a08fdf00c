// The right to write a ledger, held by one process at a time, and what is remembered beside it.
//
// Two locks are held for as long as the object lives. The lock on PATH.lock keeps a second process
// from the same name, also while there is no file yet. The lock on the ledger's file itself keeps a
// second process from the same file by any other name: a symbolic link, a hard link, or a name
// whose .lock was deleted.
//
// Both are flock(2) locks. They belong to the open description, so that they stay when another
// descriptor of the file is closed, and they do not meet the byte ranges that SQLite locks by
// fcntl(2). SQLite's own locks are less robust: a process loses all of them on a file when it
// closes any descriptor of it. So the descriptor of the file stays open until SQLite has closed
// its own: destroy this object after the connection. The kernel lets go of both locks when the
// process ends, however it ends.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/ledger_memory.h"

namespace fleetmeter {

class LedgerLock {
 public:
  // Takes the lock on PATH.lock. FailedPrecondition, with the holder's process id, where another
  // process has it. Waits for some seconds where that process has ended and only a child that it
  // had forked still has the lock.
  static absl::StatusOr<std::unique_ptr<LedgerLock>> Take(const std::string& path);
  ~LedgerLock();
  LedgerLock(const LedgerLock&) = delete;
  LedgerLock& operator=(const LedgerLock&) = delete;

  // Takes the lock on the file, which is there. FailedPrecondition where another process writes it.
  absl::Status HoldFile();
  // A descriptor of the file, open for as long as the object; -1 before HoldFile.
  int file() const { return file_; }

  // What the last process left here.
  const LedgerMemory& memory() const { return memory_; }
  // Leaves this for the next one. Costs one write without a sync; a failure is of no account.
  void Remember(const LedgerMemory& memory);

 private:
  LedgerLock(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  const std::string path_;  // of the ledger
  const int lock_;
  int file_ = -1;
  pid_t earlier_holder_ = 0;
  LedgerMemory memory_;
};

}  // namespace fleetmeter
