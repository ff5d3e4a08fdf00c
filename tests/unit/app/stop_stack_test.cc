// What has started is stopped in reverse, once, whether the start ended well or not.
#include "daemon/app/stop_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace fleetmeter {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class StopStackTest : public testing::Test {
 protected:
  void Push(StopStack& stops, const std::string& name) {
    stops.Push(name, [this, name](const auto&) { taken_.push_back(name); });
  }
  std::vector<std::string> taken_;
};

TEST_F(StopStackTest, StopsTheLatestFirst) {
  StopStack stops;
  for (const char* name : {"ledger", "writer", "listener"}) Push(stops, name);
  EXPECT_TRUE(stops.Run(1h).ok());
  EXPECT_THAT(taken_, ElementsAre("listener", "writer", "ledger"));
}

TEST_F(StopStackTest, StopsEverythingOnce) {
  {
    StopStack stops;
    Push(stops, "writer");
    EXPECT_TRUE(stops.Run(1h).ok());
    EXPECT_TRUE(stops.Run(1h).ok());
  }
  EXPECT_THAT(taken_, ElementsAre("writer"));
}

TEST_F(StopStackTest, ItsEndStopsWhatIsLeft) {
  {
    StopStack stops;
    Push(stops, "writer");
    Push(stops, "listener");
    EXPECT_THAT(taken_, IsEmpty());
  }
  EXPECT_THAT(taken_, ElementsAre("listener", "writer"));
}

TEST_F(StopStackTest, TellsEachStepHowLongAllMayTake) {
  StopStack stops;
  const auto begin = StopStack::Clock::now();
  int told = 0;
  for (int i = 0; i < 2; ++i) {
    stops.Push("step", [&](const StopStack::Limit& limit) {
      ++told;
      EXPECT_EQ(limit.allowed, 1h);
      EXPECT_GE(limit.until, begin + 1h);
      EXPECT_LE(limit.until, StopStack::Clock::now() + 1h);
    });
  }
  EXPECT_TRUE(stops.Run(1h).ok());
  EXPECT_EQ(told, 2);
}

TEST_F(StopStackTest, TakesEveryStepWhenTheTimeIsUpAndNamesTheSlowest) {
  StopStack stops;
  Push(stops, "writer");
  stops.Push("listener", [this](const StopStack::Limit& limit) {
    while (StopStack::Clock::now() <= limit.until + 10ms) {
    }
    taken_.emplace_back("listener");
  });
  Push(stops, "watchdog");
  const absl::Status status = stops.Run(1ms);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("the slowest step, listener, took"));
  EXPECT_THAT(taken_, ElementsAre("watchdog", "listener", "writer"));
}

// What a step holds may be what the next one stops.
TEST_F(StopStackTest, LetsGoOfAStepBeforeTheNext) {
  StopStack stops;
  auto held = std::make_shared<int>(0);
  std::weak_ptr<int> watched = held;
  stops.Push("writer", [&](const auto&) { EXPECT_TRUE(watched.expired()); });
  stops.Push("listener", [held = std::move(held)](const auto&) { EXPECT_EQ(*held, 0); });
  EXPECT_TRUE(stops.Run(1h).ok());
}

}  // namespace
}  // namespace fleetmeter
