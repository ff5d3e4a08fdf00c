#include "daemon/domain/report/window_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace fleetmeter {
namespace {

using testing::ElementsAre;

TEST(WindowSet, TakesAnythingAtFirst) {
  WindowSet windows;
  EXPECT_FALSE(windows.Overlaps({5, 10}));
  windows.Add({5, 10});
  EXPECT_EQ(windows.counted(), (TimeSpan{5, 10}));
}

TEST(WindowSet, RefusesWhatWasCountedByOneNanosecond) {
  WindowSet windows;
  windows.Add({5, 10});
  EXPECT_TRUE(windows.Overlaps({9, 12}));
  EXPECT_TRUE(windows.Overlaps({1, 6}));
  EXPECT_TRUE(windows.Overlaps({6, 7}));
  EXPECT_TRUE(windows.Overlaps({1, 20}));
  EXPECT_FALSE(windows.Overlaps({10, 12}));
  EXPECT_FALSE(windows.Overlaps({1, 5}));
}

TEST(WindowSet, LateUsageFindsItsGap) {
  WindowSet windows;
  windows.Add({0, 10});
  windows.Add({40, 50});
  EXPECT_THAT(windows.gaps(), ElementsAre(TimeSpan{10, 40}));
  EXPECT_FALSE(windows.Overlaps({20, 30}));
  EXPECT_TRUE(windows.Overlaps({30, 41}));
  windows.Add({20, 30});
  EXPECT_THAT(windows.gaps(), ElementsAre(TimeSpan{10, 20}, TimeSpan{30, 40}));
  EXPECT_TRUE(windows.Overlaps({20, 30}));
  windows.Add({10, 20});
  windows.Add({30, 40});
  EXPECT_TRUE(windows.gaps().empty());
}

TEST(WindowSet, HistoryBeforeTheFirstWindowLeavesAGap) {
  WindowSet windows;
  windows.Add({100, 110});
  windows.Add({50, 60});
  EXPECT_EQ(windows.counted(), (TimeSpan{50, 110}));
  EXPECT_THAT(windows.gaps(), ElementsAre(TimeSpan{60, 100}));
}

// No moment is ever admitted twice, and none is refused that is free.
TEST(WindowSet, AgreesWithAListOfMoments) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    WindowSet windows;
    std::vector<bool> counted(200);
    for (int i = 0; i < 60; ++i) {
      const auto start = static_cast<int64_t>(random() % 150);
      const auto end = start + 1 + static_cast<int64_t>(random() % 9);
      bool taken = false;
      for (int64_t t = start; t < end; ++t) taken |= counted[static_cast<size_t>(t)];
      const bool refused = windows.Overlaps({start, end});
      ASSERT_EQ(refused, taken) << start << " to " << end;
      if (refused) continue;
      windows.Add({start, end});
      for (int64_t t = start; t < end; ++t) counted[static_cast<size_t>(t)] = true;
    }
  }
}

// What either has counted is counted of both together, moment by moment.
TEST(WindowSetMerge, CountsWhatEitherHasCounted) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    WindowSet sets[2];
    std::vector<bool> counted(200);
    for (WindowSet& windows : sets) {
      for (int i = 0; i < 8; ++i) {
        const auto start = static_cast<int64_t>(random() % 150);
        const auto end = start + 1 + static_cast<int64_t>(random() % 9);
        if (windows.Overlaps({start, end})) continue;
        windows.Add({start, end});
        for (int64_t t = start; t < end; ++t) counted[static_cast<size_t>(t)] = true;
      }
    }
    WindowSet merged = sets[0];
    merged.Merge(sets[1]);
    for (int64_t t = 0; t < 200; ++t) {
      ASSERT_EQ(merged.Overlaps({t, t + 1}), counted[static_cast<size_t>(t)])
          << "round " << round << ", moment " << t;
    }
    WindowSet other_way = sets[1];
    other_way.Merge(sets[0]);
    EXPECT_EQ(merged, other_way);
  }
}

TEST(WindowSet, SaysWhichGapAWindowWouldClose) {
  WindowSet windows;
  for (int64_t i = 0; i < static_cast<int64_t>(WindowSet::kMaxGaps); ++i) {
    windows.Add({20 * i, 20 * i + 10});
  }
  const int64_t end = windows.counted().end_unix_nanos;
  ASSERT_EQ(windows.gaps().size(), WindowSet::kMaxGaps - 1);
  EXPECT_EQ(windows.ClosedBy({end + 10, end + 20}), std::nullopt) << "there is room for one more";
  windows.Add({end + 10, end + 20});
  ASSERT_EQ(windows.gaps().size(), WindowSet::kMaxGaps);
  EXPECT_EQ(windows.ClosedBy({end + 20, end + 30}), std::nullopt) << "it leaves no gap";
  EXPECT_EQ(windows.ClosedBy({30, 40}), std::nullopt) << "it fills one";
  EXPECT_EQ(windows.ClosedBy({end + 30, end + 40}), (TimeSpan{10, 20}));
  EXPECT_EQ(windows.ClosedBy({14, 16}), (TimeSpan{10, 14})) << "a window parts the oldest gap";
  EXPECT_EQ(windows.gaps().size(), WindowSet::kMaxGaps) << "asking changes nothing";
}

TEST(WindowSetMerge, WithNothingIsTheSame) {
  WindowSet windows({10, 20}, {{12, 14}});
  const WindowSet before = windows;
  windows.Merge({});
  EXPECT_EQ(windows, before);
  WindowSet nothing;
  nothing.Merge(before);
  EXPECT_EQ(nothing, before);
}

TEST(WindowSetMerge, ClosesTheOldestGapsBeyondTheLimit) {
  WindowSet even;
  WindowSet odd;
  for (int64_t i = 0; i < 600; ++i) {
    even.Add({40 * i, 40 * i + 10});
    odd.Add({40 * i + 20, 40 * i + 30});
  }
  even.Merge(odd);
  EXPECT_EQ(even.gaps().size(), WindowSet::kMaxGaps);
  EXPECT_TRUE(even.Overlaps({10, 20}));
  EXPECT_FALSE(even.Overlaps({40 * 590 + 10, 40 * 590 + 20}));
}

TEST(WindowSet, SaysWhatWasCountedBeforeATime) {
  WindowSet windows;
  windows.Add({10, 20});
  windows.Add({30, 40});
  windows.Add({1'000, 1'010});  // by a clock that was far ahead
  EXPECT_EQ(windows.CountedBefore(5), 10) << "nothing was";
  EXPECT_EQ(windows.CountedBefore(15), 15);
  EXPECT_EQ(windows.CountedBefore(25), 20);
  EXPECT_EQ(windows.CountedBefore(35), 35);
  EXPECT_EQ(windows.CountedBefore(40), 40);
  EXPECT_EQ(windows.CountedBefore(999), 40);
  EXPECT_EQ(windows.CountedBefore(1'010), 1'010);
  EXPECT_EQ(windows.CountedBefore(9'999), 1'010);
  EXPECT_THAT(windows.Spans(),
              ElementsAre(TimeSpan{10, 20}, TimeSpan{30, 40}, TimeSpan{1'000, 1'010}));
}

}  // namespace
}  // namespace fleetmeter
