#include "daemon/ledger/sqlite/ledger_watch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// By statx(): a library that fakes the clock of a process, as tests have, fakes the times of stat()
// with it, and each jump of such a clock would pass for a change of the file.
int64_t NanosOf(const statx_timestamp& time) {
  return time.tv_sec * kNanosPerSecond + time.tv_nsec;
}

}  // namespace

bool LedgerWatch::ReadMark(const std::string& path, Mark* mark) {
  struct statx info{};
  if (statx(AT_FDCWD, path.c_str(), 0, STATX_BASIC_STATS, &info) != 0) return false;
  *mark = {.device = makedev(info.stx_dev_major, info.stx_dev_minor),
           .inode = info.stx_ino,
           .bytes = static_cast<int64_t>(info.stx_size),
           .changed_unix_nanos = NanosOf(info.stx_mtime)};
  return true;
}

absl::StatusOr<std::unique_ptr<LedgerWatch>> LedgerWatch::Begin(std::string path, std::string log,
                                                                std::string index, int file) {
  std::unique_ptr<LedgerWatch> watch(
      new LedgerWatch(std::move(path), std::move(log), std::move(index), file));
  struct stat open{};
  if (fstat(file, &open) != 0 || !ReadMark(watch->path_, &watch->file_mark_) ||
      !ReadMark(watch->log_, &watch->log_mark_) || !ReadMark(watch->index_, &watch->index_mark_) ||
      !watch->file_mark_.IsSameFile({.device = open.st_dev, .inode = open.st_ino})) {
    return absl::FailedPreconditionError(
        fmt::format("ledger {} was moved or replaced while it was being opened; expected nobody to "
                    "touch it, its -wal and its -shm",
                    Quoted(watch->path_)));
  }
  return watch;
}

int64_t LedgerWatch::LogBytes() const {
  Mark now;
  return ReadMark(log_, &now) ? now.bytes : 0;
}

void LedgerWatch::NoteOwnChanges() {
  // A file that is another one by now keeps its mark, and the next look finds it.
  const auto note = [](const std::string& path, Mark* mark) {
    Mark now;
    if (ReadMark(path, &now) && now.IsSameFile(*mark)) *mark = now;
  };
  note(path_, &file_mark_);
  note(log_, &log_mark_);
}

LedgerWatch::Found LedgerWatch::LookAtNames() const {
  Mark log;
  Mark index;
  const bool log_in_place = ReadMark(log_, &log) && log.IsSameFile(log_mark_);
  const bool index_in_place = ReadMark(index_, &index) && index.IsSameFile(index_mark_);
  Found found{.status = LookAtPath(), .log_in_place = log_in_place};
  if (found.status.ok() && !(log_in_place && index_in_place)) {
    found.status = absl::AbortedError(fmt::format(
        "{}, a part of the ledger, was moved, deleted or replaced while the ledger was open; "
        "expected nobody to touch it",
        Quoted(log_in_place ? index_ : log_)));
  }
  return found;
}

LedgerWatch::Found LedgerWatch::Look() const {
  Found found = LookAtNames();
  // What is elsewhere by now is as it was left, or shows when it is back.
  for (const auto& [path, mark] : {std::pair{path_, file_mark_}, {log_, log_mark_}}) {
    Mark now;
    if (!found.status.ok() || !ReadMark(path, &now)) return found;
    found.status = LookAtContent(path, mark, now);
  }
  return found;
}

absl::Status LedgerWatch::LookAtPath() const {
  Mark now;
  if (ReadMark(path_, &now)) {
    if (now.IsSameFile(file_mark_)) return absl::OkStatus();
    return absl::UnavailableError(
        fmt::format("another file is at {} than the ledger that is open; nothing is acknowledged "
                    "until that ledger is back in its place, or this process was ended and started "
                    "on the other file",
                    Quoted(path_)));
  }
  const int error = errno;
  struct stat open{};
  const bool deleted = fstat(file_, &open) == 0 && open.st_nlink == 0;
  return absl::UnavailableError(fmt::format(
      "the ledger is no longer at {} ({}); nothing is acknowledged until it is back{}",
      Quoted(path_), std::generic_category().message(error),
      deleted ? fmt::format("; it was deleted, and is lost when this process ends: copy "
                            "/proc/{}/fd/{} first, as the runbook says",
                            getpid(), file_)
              : "; expected it to be moved back"));
}

absl::Status LedgerWatch::LookAtContent(const std::string& path, const Mark& was,
                                        const Mark& now) const {
  if (now.bytes < was.bytes) {
    return absl::DataLossError(
        fmt::format("{} was cut off from {} to {} bytes while the ledger was open", Quoted(path),
                    was.bytes, now.bytes));
  }
  if (now.bytes != was.bytes || now.changed_unix_nanos != was.changed_unix_nanos) {
    return absl::DataLossError(
        fmt::format("{} was written by another program while the ledger was open; expected to be "
                    "the only one that writes it",
                    Quoted(path)));
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter
