#include "daemon/ctl/print/message_text.h"

#include "gtest/gtest.h"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {
namespace {

TEST(ToJson, GivesWhatIsAbsentAsNull) {
  const Json json = ToJson(UnmeasuredPool());
  EXPECT_EQ(json.at("busy_h100e"), nullptr);
  EXPECT_EQ(json.at("allocated_h100e"), 10.0);
  EXPECT_EQ(json.at("unhealthy_h100e"), 0.0);  // known: none
  EXPECT_EQ(json.at("chips"), Json::array());
}

TEST(ToJson, GivesNanosecondsAsDecimalStrings) {
  const Json json = ToJson(SomeBasis());
  EXPECT_EQ(json.at("as_of_unix_nanos"), "1767323045000000000");
  EXPECT_EQ(json.at("plan_version"), 3);
}

TEST(ToJson, GivesNoNumberForOneThatIsNotFinite) {
  v1::Pool pool;
  pool.set_headroom_h100e(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(ToJson(pool).at("headroom_h100e"), nullptr);
}

TEST(Dump, LetsNothingThroughThatSteersATerminal) {
  EXPECT_EQ(Dump(Json("a\x1b\x7f\xc2\x9bé"), -1), "\"a\\u001b\\u007f\\u009bé\"\n");
  EXPECT_EQ(Dump(Json("\xff"), -1), "\"\xef\xbf\xbd\"\n");
}

// Labels are what peers send, and people open the file in a spreadsheet.
TEST(CsvLine, LetsNoCellRunAsAFormula) {
  EXPECT_EQ(CsvLine({"=1+2", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\uff1d1"}),
            "'=1+2,'@SUM(A1),'+cmd|' /C calc'!A0,'-2+3,'\\x09=1,'\uff1d1\n");
  EXPECT_EQ(CsvLine({"=HYPERLINK(\"x\")"}), "\"'=HYPERLINK(\"\"x\"\")\"\n");
}

TEST(CsvLine, LeavesNumbersAndDashesAsTheyAre) {
  EXPECT_EQ(CsvLine({"-1", "+2.5", "-1e-07", "-0.25", "-", "a=b", "2026-01-02", "1E+9"}),
            "-1,+2.5,-1e-07,-0.25,-,a=b,2026-01-02,1E+9\n");
  EXPECT_EQ(CsvLine({"-1.", "-.5", "-1e", "--1"}), "'-1.,'-.5,'-1e,'--1\n");
}

TEST(CsvLine, QuotesWhereNeeded) {
  EXPECT_EQ(CsvLine({"plain", "", "a,b", "say \"hi\"", "two\nlines"}),
            "plain,,\"a,b\",\"say \"\"hi\"\"\",two\\x0alines\n");
}

}  // namespace
}  // namespace fleetmeter::ctl
