// Is the file at the ledger's path the one that is open, and has nobody else written it?
//
// SQLite goes on with the files that it has opened, whatever becomes of their names. So a ledger
// that was moved, deleted, replaced or cut off would take commits that no later start finds. The
// watch compares what is at the path with what is open, and the sizes and times of change with
// those that its owner left. It reads file attributes only. Not thread-safe; belongs to
// SqliteLedger, and is gone before the descriptor that it was given is closed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fleetmeter {

class LedgerWatch {
 public:
  // `path`: as the ledger was opened. `log`, `index`: where SQLite keeps its write-ahead log and
  // the index of it, which are there. `file`: a descriptor of the ledger's file.
  static absl::StatusOr<std::unique_ptr<LedgerWatch>> Begin(std::string path, std::string log,
                                                            std::string index, int file);

  // What a look found. `status` is OK, or a sentence for the operator:
  // - Unavailable: the file is no longer at its path. Putting it back mends that.
  // - Aborted: the log or its index is no longer at its path. Only this process can still read what
  //   is in the log, and no other may write on.
  // - DataLoss: a file was cut off or written by somebody else. What is in it is not known.
  struct Found {
    absl::Status status;
    bool log_in_place = true;  // the file of that name is the log that is open
  };
  Found Look() const;
  // The same of the names alone: for right after an own change.
  Found LookAtNames() const;

  // The size of the log at present; 0 where it cannot be told.
  int64_t LogBytes() const;

  // Remembers how the files are now: their owner has just changed them.
  void NoteOwnChanges();

 private:
  struct Mark {
    dev_t device = 0;
    ino_t inode = 0;
    int64_t bytes = 0;
    int64_t changed_unix_nanos = 0;
    bool IsSameFile(const Mark& other) const {
      return device == other.device && inode == other.inode;
    }
  };

  LedgerWatch(std::string path, std::string log, std::string index, int file)
      : path_(std::move(path)), log_(std::move(log)), index_(std::move(index)), file_(file) {}

  static bool ReadMark(const std::string& path, Mark* mark);
  absl::Status LookAtPath() const;
  absl::Status LookAtContent(const std::string& path, const Mark& was, const Mark& now) const;

  const std::string path_;
  const std::string log_;
  const std::string index_;
  const int file_;
  Mark file_mark_;
  Mark log_mark_;
  Mark index_mark_;  // readers write it too: only which file it is counts
};

}  // namespace fleetmeter
