#include "daemon/accounting/source_overlap.h"

#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

WindowSet WindowsOf(std::vector<TimeSpan> spans) {
  WindowSet windows;
  for (const TimeSpan& span : spans) windows.Add(span);
  return windows;
}

TEST(OverlapFinder, FindsNothingInTheTimeOfNobodyElse) {
  const OverlapQuestion question{.kind = {}, .source = "mine", .spans = {{10, 20}, {30, 40}}};
  OverlapFinder finder(question);
  finder.Look("mine", WindowsOf({{0, 50}}));
  finder.Look("new", WindowSet());
  finder.Look("before", WindowsOf({{0, 10}}));
  finder.Look("between", WindowsOf({{20, 30}}));
  finder.Look("around", WindowsOf({{0, 10}, {20, 30}, {40, 50}}));
  EXPECT_FALSE(finder.found().has_value());
}

TEST(OverlapFinder, NamesTheSourceThatSharesMost) {
  const OverlapQuestion question{.kind = {}, .source = "mine", .spans = {{10, 20}, {30, 40}}};
  OverlapFinder finder(question);
  finder.Look("little", WindowsOf({{15, 17}}));
  finder.Look("much", WindowsOf({{12, 35}}));
  finder.Look("less", WindowsOf({{35, 100}}));
  ASSERT_TRUE(finder.found().has_value());
  EXPECT_EQ(finder.found()->source, "much");
  EXPECT_EQ(finder.found()->span, (TimeSpan{12, 35}));
  EXPECT_EQ(finder.found()->sources, 3U);
}

}  // namespace
}  // namespace fleetmeter
