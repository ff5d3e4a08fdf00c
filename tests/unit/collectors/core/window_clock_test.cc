// Wall clocks that are set, frozen and slewed: durations are those of the monotonic clock, and no
// window overlaps another or lies ahead.
#include "collectors/core/window_clock.h"

#include <vector>

#include "gmock/gmock.h"
#include "tests/support/manual_clock.h"

namespace fleetmeter::collector {
namespace {

constexpr int64_t kSecond = kNanosPerSecond;
constexpr int64_t kHour = 3'600 * kSecond;
constexpr int64_t kYear = 365 * 24 * kHour;
constexpr int64_t kTolerance = 2 * kSecond;  // the daemon's is 5 s

class WindowClockTest : public testing::Test {
 protected:
  // Ticks of about 10 s while the wall clock moves at `rate` of what it should.
  void Run(int64_t duration, double rate = 1) {
    const int64_t until = clock_.monotonic_nanos + duration;
    while (clock_.monotonic_nanos < until) {
      const int64_t step = std::min(until - clock_.monotonic_nanos, 10 * kSecond + 123'457);
      clock_.monotonic_nanos += step;
      clock_.unix_nanos += static_cast<int64_t>(static_cast<double>(step) * rate);
      Tick();
    }
  }

  bool Tick(bool last = false) {
    const auto window = windows_.Next(INT64_MAX, last);
    if (!window) return false;
    windows_.Advance();
    const int64_t end = window->start_unix_nanos + window->length_nanos;
    EXPECT_GT(window->length_nanos, 0);
    EXPECT_LE(window->length_nanos, WindowClock::kLongestWindow);
    EXPECT_LE(end, clock_.unix_nanos);
    EXPECT_GT(window->duration_nanos, 0);
    EXPECT_LE(window->duration_nanos, daemon_.LongestFor(window->length_nanos));
    daemon_.Count(window->length_nanos, window->duration_nanos);
    for (const Window& other : taken_) {
      const int64_t other_end = other.start_unix_nanos + other.length_nanos;
      EXPECT_TRUE(end <= other.start_unix_nanos || other_end <= window->start_unix_nanos)
          << window->start_unix_nanos << " overlaps " << other.start_unix_nanos;
    }
    taken_.push_back(*window);
    measured_ += window->duration_nanos;
    return true;
  }

  void ExpectAllMeasured() {
    EXPECT_EQ(measured_ + windows_.OwedNanos(), clock_.monotonic_nanos - began_);
    EXPECT_EQ(windows_.OwedNanos(), 0);
  }

  ManualClock clock_{1'700'000'000 * kSecond, 12'345'678'901};
  const int64_t began_ = clock_.monotonic_nanos;
  WindowClock windows_{clock_, 0, 1};
  std::vector<Window> taken_;
  int64_t measured_ = 0;
  DurationAccount daemon_;  // what the daemon takes
};

TEST_F(WindowClockTest, WindowsFollowOneAnotherWithoutGaps) {
  Run(10 * 60 * kSecond);
  ExpectAllMeasured();
  for (size_t i = 1; i < taken_.size(); ++i) {
    EXPECT_EQ(taken_[i].start_unix_nanos,
              taken_[i - 1].start_unix_nanos + taken_[i - 1].length_nanos);
    EXPECT_EQ(taken_[i].duration_nanos, taken_[i].length_nanos);
  }
}

TEST_F(WindowClockTest, ASlewedClockMakesNoGaps) {
  Run(600 * kSecond, 1.0005);
  Run(600 * kSecond, 0.9995);
  ExpectAllMeasured();
  for (size_t i = 1; i < taken_.size(); ++i) {
    EXPECT_EQ(taken_[i].start_unix_nanos,
              taken_[i - 1].start_unix_nanos + taken_[i - 1].length_nanos);
  }
}

TEST_F(WindowClockTest, SetForwardLeavesAGap) {
  for (const int64_t step : {2 * kSecond, kHour, 10 * kYear}) {
    Run(60 * kSecond);
    clock_.unix_nanos += step;
    Run(60 * kSecond);
    ExpectAllMeasured();
    EXPECT_EQ(taken_.back().start_unix_nanos + taken_.back().length_nanos, clock_.unix_nanos);
  }
}

TEST_F(WindowClockTest, SetBackIntoFreeTimeGoesOnAtOnce) {
  for (const int64_t step : {kHour, 10 * kYear}) {
    Run(120 * kSecond);
    clock_.unix_nanos -= step;
    Run(30 * kSecond);
    ExpectAllMeasured();
    EXPECT_EQ(taken_.back().start_unix_nanos + taken_.back().length_nanos, clock_.unix_nanos);
  }
}

TEST_F(WindowClockTest, SetBackAndForwardByTenYearsAndAnHour) {
  Run(600 * kSecond);
  clock_.unix_nanos -= 10 * kYear;
  Run(600 * kSecond);
  clock_.unix_nanos += 10 * kYear;
  Run(600 * kSecond);
  clock_.unix_nanos += 10 * kYear;
  Run(600 * kSecond);
  clock_.unix_nanos -= kHour;
  Run(600 * kSecond);
  ExpectAllMeasured();
}

TEST_F(WindowClockTest, SetBackIntoTakenTimeHoldsAndThenCatchesUp) {
  Run(3 * kHour);
  const size_t before = taken_.size();
  clock_.unix_nanos -= kHour;
  Run(kHour - 60 * kSecond);
  EXPECT_EQ(taken_.size(), before) << "this time is taken";
  EXPECT_EQ(windows_.OwedNanos(), kHour - 60 * kSecond);
  Run(kHour);
  EXPECT_GT(windows_.OwedNanos(), 0) << "11/10 of a window at a time";
  Run(10 * kHour);
  ExpectAllMeasured();
}

TEST_F(WindowClockTest, SetBackALittleHoldsALittle) {
  Run(kHour);
  clock_.unix_nanos -= 30 * kSecond;
  Run(600 * kSecond);
  ExpectAllMeasured();
}

TEST_F(WindowClockTest, WhenItReachesTakenTimeItHoldsUntilItIsThrough) {
  Run(30 * 60 * kSecond);
  clock_.unix_nanos -= kHour;
  Run(12 * kHour);
  ExpectAllMeasured();
}

TEST_F(WindowClockTest, SetBackFurtherThanTheLongestHoldGoesOnAtTheNewTime) {
  Run(12 * kHour);
  clock_.unix_nanos -= 6 * kHour;
  taken_.clear();      // the daemon will say what overlaps
  Run(600 * kSecond);  // what the set-back held up is made up for at a tenth of the time
  ExpectAllMeasured();
  EXPECT_FALSE(taken_.empty());
}

TEST_F(WindowClockTest, AFrozenClockHoldsAndNothingIsLost) {
  Run(60 * kSecond);
  const size_t before = taken_.size();
  Run(600 * kSecond, 0);
  EXPECT_EQ(taken_.size(), before);
  Run(2 * kHour);
  ExpectAllMeasured();
}

TEST_F(WindowClockTest, WhatAFrozenClockHeldBackIsWrittenWhenItMovesAndNeverAheadOfIt) {
  Run(600 * kSecond);  // in which it saves a minute
  Run(30 * kSecond, 0);
  EXPECT_EQ(windows_.OwedNanos(), 30 * kSecond);
  EXPECT_TRUE(windows_.Holds());
  EXPECT_FALSE(Tick());
  clock_.Pass(kNanosPerSecond / 100);
  EXPECT_FALSE(windows_.Holds());
  EXPECT_TRUE(Tick(true));
  ExpectAllMeasured();
}

TEST_F(WindowClockTest, AnEarlierRunsWindowsAreNotOverlapped) {
  const int64_t end = clock_.unix_nanos + 20 * 60 * kSecond;
  windows_ = WindowClock(clock_, end, 1);
  Run(10 * 60 * kSecond);
  EXPECT_TRUE(taken_.empty());
  Run(5 * kHour);
  ExpectAllMeasured();
  EXPECT_GE(taken_.front().start_unix_nanos, end);
}

TEST_F(WindowClockTest, LongPausesComeInPieces) {
  clock_.monotonic_nanos += 3 * kHour;
  clock_.unix_nanos += 3 * kHour;
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(Tick());
  ExpectAllMeasured();
  for (const Window& window : taken_) {
    EXPECT_EQ(window.length_nanos, WindowClock::kLongestWindow);
    EXPECT_EQ(window.duration_nanos, window.length_nanos);
  }
}

}  // namespace
}  // namespace fleetmeter::collector
