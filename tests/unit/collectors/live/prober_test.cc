#include "collectors/live/prober.h"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/unit/collectors/live/live_testing.h"

namespace fleetmeter::collector {
namespace {

constexpr std::chrono::milliseconds kLong{60'000};
constexpr std::chrono::milliseconds kShort{20};

TEST(Prober, GivesWhatTheSourceSays) {
  const SystemClock clock;
  int looks = 0;
  Prober prober("test", Scripted([&](const Look& look) {
                  EXPECT_GT(look.unix_nanos, 0);
                  Observation observation;
                  observation.counts.bad_lines = ++looks;
                  return observation;
                }),
                kLong, clock);
  for (int i = 1; i <= 3; ++i) {
    prober.Ask();
    const LookResult result = prober.Await();
    ASSERT_TRUE(result.observation.ok());
    EXPECT_EQ(result.observation->counts.bad_lines, i);
  }
}

TEST(Prober, DoesNotWaitTwiceForASourceThatHangs) {
  const SystemClock clock;
  Gate gate;
  std::atomic<int> looks = 0;
  Prober prober("test", Scripted([&looks, opened = gate.opened()](const Look&) {
                  ++looks;
                  opened.wait();
                  return absl::StatusOr<Observation>(Observation());
                }),
                kShort, clock);
  prober.Ask();
  EXPECT_TRUE(absl::IsDeadlineExceeded(prober.Await().observation.status()));
  // It is still under way: neither asked again nor waited for.
  prober.Ask();
  EXPECT_TRUE(absl::IsDeadlineExceeded(prober.Await().observation.status()));
  EXPECT_LE(looks, 1);
  gate.Open();
}

TEST(Prober, HearsASourceAgainThatHung) {
  const SystemClock clock;
  Gate gate;
  std::promise<void> returned;
  std::atomic<int> looks = 0;
  Prober prober("test", Scripted([&, opened = gate.opened()](const Look&) {
                  const int look = ++looks;
                  if (look == 1) opened.wait();
                  if (look == 2) returned.set_value();
                  return absl::StatusOr<Observation>(Observation());
                }),
                kShort, clock);
  prober.Ask();
  EXPECT_FALSE(prober.Await().observation.ok());
  gate.Open();
  // Its late answer is thrown away by the Ask that follows it; the second look ends by itself.
  while (looks < 2) prober.Ask();
  returned.get_future().wait();
}

}  // namespace
}  // namespace fleetmeter::collector
