// A stop waits for one more reader of /metrics where there was one before.
#include "daemon/app/scrapes.h"

#include <gtest/gtest.h>

#include <thread>

namespace fleetmeter {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kLong = 1h;  // a test that waits for it hangs

TEST(Scrapes, WaitForNobodyWhereNobodyHasScraped) {
  Scrapes scrapes;
  scrapes.BeginFinal();
  scrapes.AwaitFinal(Clock::now() + kLong);
}

TEST(Scrapes, WaitUntilTheFinalStateWasSent) {
  Scrapes scrapes;
  EXPECT_FALSE(scrapes.final());
  scrapes.Sent(/*final=*/false);
  scrapes.BeginFinal();
  EXPECT_TRUE(scrapes.final());
  std::thread scraper([&] {
    scrapes.Sent(/*final=*/false);  // was begun before
    scrapes.Sent(/*final=*/true);
  });
  scrapes.AwaitFinal(Clock::now() + kLong);
  scraper.join();
}

TEST(Scrapes, WaitNoLongerThanUntilTheDeadline) {
  Scrapes scrapes;
  scrapes.Sent(/*final=*/false);
  scrapes.BeginFinal();
  const auto deadline = Clock::now() + 20ms;
  scrapes.AwaitFinal(deadline);
  EXPECT_GE(Clock::now(), deadline);
}

}  // namespace
}  // namespace fleetmeter
