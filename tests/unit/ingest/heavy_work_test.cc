#include "daemon/ingest/heavy_work.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace fleetmeter {
namespace {

using Sharing = FairShare::Sharing;

// Work that has begun and waits until it is let. The work may outlive it.
class Held {
 public:
  bool AddTo(HeavyWork& heavy, const std::string& identity, size_t weight) {
    return heavy.TryAdd(identity, weight, [state = state_] {
      state->begun.set_value();
      state->let.wait();
    });
  }
  void AwaitBegun() { state_->begun.get_future().wait(); }
  void Release() { state_->may_end.set_value(); }

 private:
  struct State {
    std::promise<void> begun;
    std::promise<void> may_end;
    std::future<void> let = may_end.get_future();
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

TEST(HeavyWork, RunsBehindTheThreadsThatServeCalls) {
  HeavyWork heavy(1'000, Sharing::kAll);
  std::promise<int> niceness;
  ASSERT_TRUE(heavy.TryAdd("a", 600, [&] { niceness.set_value(getpriority(PRIO_PROCESS, 0)); }));
  // No more than 19 is possible.
  const int own = getpriority(PRIO_PROCESS, 0);
  EXPECT_EQ(niceness.get_future().get(), std::min(own + 10, 19));
}

TEST(HeavyWork, RunsInTheOrderInWhichItCame) {
  HeavyWork heavy(10'000, Sharing::kAll);
  std::vector<int> order;
  std::promise<void> done;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(heavy.TryAdd("a", 600, [&order, &done, i] {
      order.push_back(i);
      if (i == 4) done.set_value();
    }));
  }
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
}

TEST(HeavyWork, WhatWaitsHasALimit) {
  HeavyWork heavy(1'500, Sharing::kAll);
  Held first;
  ASSERT_TRUE(first.AddTo(heavy, "a", 600));
  first.AwaitBegun();
  std::promise<void> second;
  ASSERT_TRUE(heavy.TryAdd("a", 900, [&] { second.set_value(); }));
  EXPECT_FALSE(heavy.TryAdd("a", 600, [] { FAIL() << "there is no room for it"; }));
  first.Release();
  second.get_future().wait();
}

// The room comes back, or the third would find none.
TEST(HeavyWork, WhatIsHeavierThanTheLimitComesAlone) {
  HeavyWork heavy(1'500, Sharing::kFair);
  for (int i = 0; i < 3; ++i) {
    Held work;
    while (!work.AddTo(heavy, "a", 100'000)) {
    }
    work.AwaitBegun();
    EXPECT_FALSE(heavy.TryAdd("b", 600, [] { FAIL() << "there is no room for it"; }));
    work.Release();
  }
}

TEST(HeavyWork, NobodyTakesAllOfTheRoom) {
  HeavyWork heavy(4'000, Sharing::kFair);
  Held first;
  ASSERT_TRUE(first.AddTo(heavy, "a", 600));
  first.AwaitBegun();
  size_t more = 0;
  while (heavy.TryAdd("a", 600, [] {})) ++more;
  EXPECT_EQ(more, 4U);  // 3,000 of 4,000
  std::promise<void> other;
  EXPECT_TRUE(heavy.TryAdd("b", 600, [&] { other.set_value(); }));
  first.Release();
  other.get_future().wait();
}

}  // namespace
}  // namespace fleetmeter
