// The watchdog says well only of what its checks found well.
#include "daemon/app/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace fleetmeter {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// A check whose answer the test sets, and that counts how often it was asked.
class SettableCheck {
 public:
  Watchdog::Check As(const std::string& name) {
    return {name, [this] { return Run(); }};
  }
  void Set(absl::Status status) {
    MutexLock lock(mutex_);
    status_ = std::move(status);
  }
  // Waits for `rounds` more whole rounds, at most half a minute.
  bool AwaitRounds(int rounds) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    MutexLock lock(mutex_);
    // The round under way may have begun before what the caller did.
    const int wanted = runs_ + rounds + 1;
    while (runs_ < wanted) {
      if (!ran_.WaitUntil(mutex_, deadline)) return false;
    }
    return true;
  }

 private:
  absl::Status Run() {
    MutexLock lock(mutex_);
    ++runs_;
    ran_.NotifyAll();
    return status_;
  }

  Mutex mutex_;
  CondVar ran_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  int runs_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST(Watchdog, HasFedTheServiceManagerWhenStartReturns) {
  SettableCheck check;
  std::atomic<int> fed = 0;
  Health health;
  Watchdog watchdog({.interval = 1h, .alive = [&] { ++fed; }}, {check.As("a")}, health);
  watchdog.Start();
  EXPECT_EQ(fed, 1);
  EXPECT_TRUE(health.Get().ok());
}

TEST(Watchdog, FeedsNobodyWhileACheckFailsAndNamesIt) {
  SettableCheck good;
  SettableCheck bad;
  bad.Set(absl::UnavailableError("nobody answers"));
  std::atomic<int> fed = 0;
  Health health;
  Watchdog watchdog({.interval = 1ms, .alive = [&] { ++fed; }}, {good.As("good"), bad.As("bad")},
                    health);
  watchdog.Start();
  ASSERT_TRUE(bad.AwaitRounds(3));
  EXPECT_EQ(fed, 0);
  const std::string message(health.Get().message());
  EXPECT_THAT(message, HasSubstr("bad: nobody answers"));
  EXPECT_THAT(message, Not(HasSubstr("good")));
}

TEST(Watchdog, ForgivesOneFailedRound) {
  SettableCheck check;
  check.Set(absl::UnavailableError("once"));
  Health health;
  Watchdog watchdog({.interval = 1h}, {check.As("a")}, health);
  watchdog.Start();
  EXPECT_TRUE(health.Get().ok());
}

TEST(Watchdog, IsWellAgainAfterARoundThatSucceeds) {
  SettableCheck check;
  check.Set(absl::UnavailableError("broken"));
  std::atomic<int> fed = 0;
  Health health;
  Watchdog watchdog({.interval = 1ms, .alive = [&] { ++fed; }}, {check.As("a")}, health);
  watchdog.Start();
  ASSERT_TRUE(check.AwaitRounds(3));
  ASSERT_FALSE(health.Get().ok());
  check.Set(absl::OkStatus());
  ASSERT_TRUE(check.AwaitRounds(2));
  EXPECT_TRUE(health.Get().ok());
  EXPECT_GT(fed, 0);
}

TEST(Watchdog, FailuresWhileStoppingDoNotCount) {
  SettableCheck check;
  Health health;
  Watchdog watchdog({.interval = 1h}, {check.As("a")}, health);
  watchdog.Start();
  watchdog.Stop();
  check.Set(absl::UnavailableError("gone"));
  EXPECT_TRUE(health.Get().ok());
}

}  // namespace
}  // namespace fleetmeter
