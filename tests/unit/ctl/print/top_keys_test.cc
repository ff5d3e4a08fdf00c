#include "daemon/ctl/print/top_keys.h"

#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

TEST(TopKeys, SortAndReverse) {
  TopKeys keys({});
  EXPECT_TRUE(keys.Press("ss"));
  EXPECT_EQ(keys.order().sort, PoolSortNames()[2]);
  EXPECT_TRUE(keys.Press("r"));
  EXPECT_TRUE(keys.order().reverse);
  for (size_t i = 2; i < PoolSortNames().size(); ++i) keys.Press("s");
  EXPECT_EQ(keys.order().sort, "plan");
}

TEST(TopKeys, TypeAFilter) {
  TopKeys keys({});
  EXPECT_TRUE(keys.Press("/sq\xc3\xa9"));
  EXPECT_TRUE(keys.types_filter());
  EXPECT_EQ(keys.order().filter, "sq\xc3\xa9") << "q is a letter here";
  keys.Press("\x7f");
  EXPECT_EQ(keys.order().filter, "sq");
  keys.Press("\r");
  EXPECT_FALSE(keys.types_filter());
  EXPECT_EQ(keys.order().filter, "sq");
  keys.Press("\x1b");
  EXPECT_EQ(keys.order().filter, "");
  keys.Press("/ab\x1b");
  EXPECT_FALSE(keys.types_filter());
  EXPECT_EQ(keys.order().filter, "");
}

TEST(TopKeys, EndWithQAndIgnoreArrows) {
  TopKeys keys({.filter = "x"});
  EXPECT_TRUE(keys.Press("\x1b[A"));
  EXPECT_EQ(keys.order().filter, "x");
  EXPECT_FALSE(keys.Press("q"));
}

}  // namespace
}  // namespace fleetmeter::ctl
