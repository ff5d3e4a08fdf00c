#include "daemon/ctl/import/line_set.h"

#include "gmock/gmock.h"

namespace fleetmeter::imports {
namespace {

using testing::ElementsAre;

TEST(LineSet, WritesLinesAsRangesInOrder) {
  LineSet lines;
  EXPECT_EQ(lines.Text(), "");
  for (const int64_t line : {7, 8, 2, 9, 3}) lines.Add(line);
  LineSet more(4);
  more.Add(12);
  lines.Add(more);
  EXPECT_EQ(lines.count(), 7);
  EXPECT_EQ(lines.Text(), "2-4, 7-9, 12");
  EXPECT_THAT(lines.Lines(), ElementsAre(2, 3, 4, 7, 8, 9, 12));
}

TEST(LineSet, NamesOneLineInTheSingular) {
  LineSet lines(9);
  EXPECT_EQ(lines.NamedText(), "line 9");
  lines.Add(10);
  EXPECT_EQ(lines.NamedText(), "lines 9-10");
}

}  // namespace
}  // namespace fleetmeter::imports
