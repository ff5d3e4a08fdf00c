#include "daemon/ledger/sqlite/ledger_lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <string_view>
#include <thread>

#include "daemon/base/text.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr std::string_view kLedgerWord = "\nledger ";
constexpr std::string_view kSettledWord = " settled ";
constexpr size_t kIdDigits = 32;

absl::Status LockErrno(std::string_view doing, const std::string& path) {
  return absl::ErrnoToStatus(errno, fmt::format("{} {}", doing, Quoted(path)));
}

std::string LockText(int fd) {
  char text[128] = {};
  const ssize_t size = pread(fd, text, sizeof(text) - 1, 0);
  return {text, static_cast<size_t>(std::max<ssize_t>(size, 0))};
}

// The process id that the holder wrote into the lock file; 0: none.
pid_t HolderOf(int fd) {
  const std::string text = LockText(fd);
  pid_t holder = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), holder);
  return error == std::errc() && holder > 0 ? holder : 0;
}

std::string HolderText(int fd) {
  const pid_t holder = HolderOf(fd);
  return holder > 0 ? fmt::format("process {}", holder) : "another process";
}

// Nothing where the text is not whole: a power cut may leave any part of it.
LedgerMemory ParseLedgerMemory(std::string_view text) {
  const size_t at = text.find(kLedgerWord);
  if (at == std::string_view::npos || !text.ends_with('\n')) return {};
  text.remove_prefix(at + kLedgerWord.size());
  LedgerMemory memory{.ledger_id = std::string(text.substr(0, kIdDigits))};
  if (!text.substr(std::min(kIdDigits, text.size())).starts_with(kSettledWord)) return {};
  text.remove_prefix(kIdDigits + kSettledWord.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), memory.settled);
  return error == std::errc() && *end == '\n' ? memory : LedgerMemory();
}

// Of one length, so that a new one covers the old one.
std::string FormatLockText(const LedgerMemory& memory) {
  std::string text = fmt::format("{:<10}", getpid());
  if (memory.ledger_id.size() != kIdDigits) return text + "\n";
  return fmt::format("{}{}{}{}{:020}\n", text, kLedgerWord, memory.ledger_id, kSettledWord,
                     memory.settled);
}

// A lock belongs to all processes that have inherited it: a child that the holder had forked keeps
// it from the fork to its exec, also when the holder is killed in between. So a lock whose holder
// has ended is about to be free.
constexpr auto kPatienceWithChildren = std::chrono::seconds(5);
constexpr auto kBetweenTries = std::chrono::milliseconds(5);

// `holder_now` says who is thought to hold it. False: somebody has the lock, and errno says
// EWOULDBLOCK; or errno says what went wrong.
template <class Holder>
bool LockExclusively(int fd, const Holder& holder_now) {
  const auto until = std::chrono::steady_clock::now() + kPatienceWithChildren;
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const pid_t holder = holder_now();
    const bool has_ended = holder > 0 && kill(holder, 0) != 0 && errno == ESRCH;
    if (error != EWOULDBLOCK || !has_ended || std::chrono::steady_clock::now() >= until) {
      errno = error;
      return false;
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LedgerLock>> LedgerLock::Take(const std::string& path) {
  const std::string name = path + ".lock";
  const int fd = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return LockErrno("opening the ledger's lock", name);
  std::unique_ptr<LedgerLock> lock(new LedgerLock(path, fd));
  if (!LockExclusively(fd, [fd] { return HolderOf(fd); })) {
    if (errno != EWOULDBLOCK) return LockErrno("locking", name);
    return absl::FailedPreconditionError(
        fmt::format("ledger {} is in use by {}; expected to be the only one that writes it",
                    Quoted(path), HolderText(fd)));
  }
  GiveToOwnerOfFolder(fd, path);
  lock->memory_ = ParseLedgerMemory(LockText(fd));
  lock->earlier_holder_ = HolderOf(fd);
  // Who holds it, for people and for the message above; on a full disk a new file stays empty. What
  // is remembered stays where it is.
  lock->Remember(LedgerMemory(lock->memory_));
  return lock;
}

LedgerLock::~LedgerLock() {
  if (file_ >= 0) close(file_);
  close(lock_);
}

absl::Status LedgerLock::HoldFile() {
  // For writing, though nothing is written: an overlay file system then has it where SQLite will
  // write it, and not as the file of a lower layer.
  file_ = open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (file_ < 0) file_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) return LockErrno("opening ledger", path_);
  // Who held PATH.lock before us may have left a child that has this one, too.
  if (LockExclusively(file_, [this] { return earlier_holder_; })) return absl::OkStatus();
  if (errno != EWOULDBLOCK) return LockErrno("locking ledger", path_);
  return absl::FailedPreconditionError(
      fmt::format("the file of ledger {} is in use by another process, which has it by another "
                  "name (a symbolic or hard link) or whose .lock was deleted; expected to be the "
                  "only one that writes it",
                  Quoted(path_)));
}

void LedgerLock::Remember(const LedgerMemory& memory) {
  memory_ = memory;
  const std::string text = FormatLockText(memory);
  const ssize_t written = pwrite(lock_, text.data(), text.size(), 0);
  // Of nothing that is remembered no earlier text stays behind either.
  if (written > 0 && memory.ledger_id.empty()) {
    [[maybe_unused]] const int cut = ftruncate(lock_, written);
  }
}

}  // namespace fleetmeter
