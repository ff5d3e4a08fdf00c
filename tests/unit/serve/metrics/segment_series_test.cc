#include "daemon/serve/metrics/segment_series.h"

#include "gmock/gmock.h"

namespace fleetmeter {
namespace {

using outcomes::Segment;

SegmentTotal Total(const std::string& model, const std::string& tier, int64_t requests) {
  return {model, tier, {.requests = requests}, {}};
}

// Whatever their requests: a daemon that starts anew must decide alike, or counters would fall.
TEST(SegmentSeries, GivesTheFirstSegmentsSeriesOfTheirOwn) {
  SegmentSeries series;
  series.Decide({Total("a", "x", 1), Total("b", "x", 2), Total("a", "y", 3)}, 2);
  const auto names = series.Names();
  EXPECT_EQ(names.at({"a", "x"}), (Segment{"a", "x"}));
  EXPECT_EQ(names.at({"b", "x"}), (Segment{"b", "x"}));
  EXPECT_EQ(names.at({"a", "y"}), (Segment{"a", "overflow"}));
  EXPECT_EQ(series.counts().own, 2u);
  EXPECT_EQ(series.counts().merged, 1u);
}

TEST(SegmentSeries, NeverMovesASegment) {
  SegmentSeries series;
  series.Decide({Total("a", "x", 1)}, 1);
  series.Decide({Total("a", "x", 1), Total("a", "y", 100)}, 1);
  // Now with room for it, which it may not have any more: its requests are in overflow's counter.
  series.Decide({Total("a", "x", 1), Total("a", "y", 100), Total("a", "z", 1)}, 2);
  const auto names = series.Names();
  EXPECT_EQ(names.at({"a", "x"}), (Segment{"a", "x"}));
  EXPECT_EQ(names.at({"a", "y"}), (Segment{"a", "overflow"}));
  EXPECT_EQ(names.at({"a", "z"}), (Segment{"a", "z"}));
}

TEST(SegmentSeries, BoundsTheModelsThatOverflowToo) {
  SegmentSeries series;
  std::vector<SegmentTotal> totals;
  for (int i = 0; i < 10; ++i) totals.push_back(Total("m" + std::to_string(i), "x", 10 - i));
  series.Decide(totals, 3);
  std::set<Segment> told;
  for (const auto& [segment, name] : series.Names()) told.insert(name);
  EXPECT_EQ(told.size(), 3u + 3 + 1);
  EXPECT_TRUE(told.contains({"overflow", "overflow"}));
}

}  // namespace
}  // namespace fleetmeter
