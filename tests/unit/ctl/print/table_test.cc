#include "daemon/ctl/print/table.h"

#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

TEST(Table, AlignsColumnsAsTheyAreShown) {
  Table table({{"NAME"}, {"H100E", Align::kRight}, {"NOTE"}});
  table.AddRow({std::string("東京"), std::string("1.0"), std::string("")});
  table.AddRow({std::string("Sécurité"), std::string("1,000.0"), std::string("x")});
  EXPECT_EQ(table.Render(),
            "NAME        H100E  NOTE\n"
            "東京          1.0\n"
            "Sécurité  1,000.0  x\n");
}

TEST(Table, KeepsColoursOffTheSpaces) {
  Table table({{"A"}, {"B", Align::kRight}});
  table.AddRow({std::string("x"), Cell("7", Style::kRed)});
  table.AddRow({std::string("long"), std::string("100")});
  EXPECT_EQ(table.Render(true),
            "\x1b[1mA\x1b[0m       \x1b[1mB\x1b[0m\n"
            "x       \x1b[31m7\x1b[0m\n"
            "long  100\n");
}

TEST(Table, LeavesOutWhatMattersLeast) {
  Table table({{"POOL"}, {"A", Align::kRight, 2}, {"B", Align::kRight}, {"C", Align::kRight, 1}});
  table.AddRow({"serving", "1", "22", "333"});
  EXPECT_TRUE(table.ColumnIs(1, {"1"}));
  EXPECT_FALSE(table.ColumnIs(1, {"0"}));
  EXPECT_TRUE(table.FitInto(19).empty());
  EXPECT_EQ(table.FitInto(18), std::vector<std::string>({"A"}));
  EXPECT_EQ(table.Render(), "POOL      B    C\nserving  22  333\n");
  EXPECT_EQ(table.FitInto(12), std::vector<std::string>({"C"}));
  EXPECT_EQ(table.Render(), "POOL      B\nserving  22\n");
}

TEST(Table, ShortensNamesWhereNothingElseHelps) {
  Table table({{"POOL"}, {"B", Align::kRight}});
  table.AddRow({"inference-enterprise", "22"});
  EXPECT_TRUE(table.FitInto(16).empty());
  EXPECT_EQ(table.Render(), "POOL           B\ninference...  22\n");
  table.FitInto(1);
  EXPECT_EQ(table.Render(), "POOL       B\ninfer...  22\n");
}

TEST(Table, NeverLetsACellSteerTheTerminal) {
  Table table({{"A"}});
  table.AddRow({std::string("\x1b[2J\n")});
  EXPECT_EQ(table.Render(), "A\n\\x1b[2J\\x0a\n");
}

}  // namespace
}  // namespace fleetmeter::ctl
