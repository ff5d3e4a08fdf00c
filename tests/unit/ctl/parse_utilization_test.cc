#include "daemon/ctl/parse_utilization.h"

#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

TEST(ParseUtilization, ReadsPercentOrRatio) {
  for (const char* text : {"60", "60%", "0.6", "60.0", "6e1"}) {
    EXPECT_DOUBLE_EQ(ParseUtilization(text).value_or(-1), 0.6) << text;
  }
  EXPECT_EQ(ParseUtilization("0").value_or(-1), 0);
  EXPECT_EQ(ParseUtilization("1%").value_or(-1), 0.01);
  EXPECT_EQ(ParseUtilization("100").value_or(-1), 1);
  EXPECT_EQ(ParseUtilization("100%").value_or(-1), 1);
  EXPECT_EQ(ParseUtilization("1.5").value_or(-1), 0.015);
}

TEST(ParseUtilization, RefusesWhatIsNone) {
  for (const char* text : {"", "%", "-1", "-5%", "101", "100.1%", "sixty", "nan", "inf", "60 %"}) {
    EXPECT_FALSE(ParseUtilization(text).ok()) << text;
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
