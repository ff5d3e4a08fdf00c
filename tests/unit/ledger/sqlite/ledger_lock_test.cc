// The lock of a ledger, and who else may have inherited it.
#include "daemon/ledger/sqlite/ledger_lock.h"

#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "tests/support/temp_folder.h"

namespace fleetmeter {
namespace {

// A process that takes the lock, forks a child that inherits it, and ends. The child lets go when
// `release` is closed.
void LeaveLockToChild(const std::string& path, const int release[2]) {
  const pid_t holder = fork();
  ASSERT_GE(holder, 0);
  if (holder == 0) {
    auto lock = LedgerLock::Take(path);
    if (!lock.ok()) _exit(1);
    close(release[1]);
    if (fork() == 0) {
      char byte = 0;
      [[maybe_unused]] const ssize_t size = read(release[0], &byte, 1);
      _exit(0);
    }
    _exit(0);  // without letting go: no destructor runs
  }
  int status = 0;
  ASSERT_EQ(waitpid(holder, &status, 0), holder);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(LedgerLock, IsFreeOnceAChildOfAnEndedHolderLetsGo) {
  const TempFolder files;
  const std::string path = files.PathOf("ledger.db");
  int release[2] = {};
  ASSERT_EQ(pipe(release), 0);
  LeaveLockToChild(path, release);
  // The child goes when somebody opens the file to take the lock.
  const int watch = inotify_init1(IN_CLOEXEC);
  ASSERT_GE(inotify_add_watch(watch, (path + ".lock").c_str(), IN_OPEN), 0);
  std::thread letting_go([&] {
    char events[4'096];
    EXPECT_GT(read(watch, events, sizeof(events)), 0);
    close(release[1]);
  });
  const auto lock = LedgerLock::Take(path);
  letting_go.join();
  EXPECT_TRUE(lock.ok()) << lock.status();
  close(release[0]);
  close(watch);
}

TEST(LedgerLock, IsRefusedAtOnceWhileItsHolderRuns) {
  const TempFolder files;
  const std::string path = files.PathOf("ledger.db");
  const auto lock = LedgerLock::Take(path);
  ASSERT_TRUE(lock.ok()) << lock.status();
  const auto second = LedgerLock::Take(path);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace fleetmeter
