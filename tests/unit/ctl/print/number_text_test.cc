#include "daemon/ctl/print/number_text.h"

#include <limits>

#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

TEST(Amount, GroupsThousandsAndKeepsOneDecimal) {
  EXPECT_EQ(Amount(1'386'335.04), "1,386,335.0");
  EXPECT_EQ(Amount(999.96), "1,000.0");
  EXPECT_EQ(Amount(-1'234.5), "-1,234.5");
  EXPECT_EQ(Amount(-0.01), "0.0");
  EXPECT_EQ(Amount(-123.0), "-123.0");
}

TEST(Amount, OfWhatIsNotKnownIsNotZero) {
  EXPECT_EQ(Amount(std::nullopt), "-");
  EXPECT_EQ(Amount(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(Percent(std::nullopt), "-");
  EXPECT_EQ(PlainNumber(std::numeric_limits<double>::infinity()), "");
}

TEST(Percent, IsOfARatio) {
  EXPECT_EQ(Percent(0.5234), "52.3%");
  EXPECT_EQ(Percent(0.0), "0.0%");
}

TEST(PlainNumber, ReadsBackAsTheSameNumber) {
  EXPECT_EQ(PlainNumber(38.252059834242985), "38.252059834242985");
  EXPECT_EQ(PlainNumber(300), "300");
  EXPECT_EQ(PlainNumber(-0.0), "0");
}

TEST(ChipsOfMicro, IsExact) {
  EXPECT_EQ(ChipsOfMicro(4'392'000'000), "4392");
  EXPECT_EQ(ChipsOfMicro(4'392'500'000), "4392.5");
  EXPECT_EQ(ChipsOfMicro(1), "0.000001");
  EXPECT_EQ(ChipsOfMicro(0), "0");
  EXPECT_EQ(ChipsOfMicro(-1'500'000), "-1.5");
  EXPECT_EQ(ChipsOfMicro(std::numeric_limits<int64_t>::max()), "9223372036854.775807");
}

TEST(SecondsOfNanos, IsExactBeyond64Bits) {
  EXPECT_EQ(SecondsOfNanos("170141183460469231731687303715884105727"),
            "170141183460469231731687303715.884105727");
  EXPECT_EQ(SecondsOfNanos("1500000000"), "1.5");
  EXPECT_EQ(SecondsOfNanos("60000000000"), "60");
  EXPECT_EQ(SecondsOfNanos("1"), "0.000000001");
  EXPECT_EQ(SecondsOfNanos("0"), "0");
  EXPECT_EQ(SecondsOfNanos("-2500000000"), "-2.5");
}

TEST(SecondsOfNanos, RefusesWhatIsNotAnInteger) {
  for (const char* text : {"", "-", "1.5", "12a", " 1"}) {
    EXPECT_EQ(SecondsOfNanos(text), std::nullopt) << text;
  }
}

TEST(UtcTime, IsToTheSecond) {
  EXPECT_EQ(UtcTime(1'767'323'045'999'999'999), "2026-01-02 03:04:05Z");
  EXPECT_EQ(UtcTime(0), "1970-01-01 00:00:00Z");
  EXPECT_EQ(UtcTime(-1), "1969-12-31 23:59:59Z");
}

TEST(Whole, RoundsAndGroups) {
  EXPECT_EQ(Whole(8'500'999'999.999999), "8,501,000,000");
  EXPECT_EQ(Whole(-1'234.4), "-1,234");
  EXPECT_EQ(Whole(-0.2), "0");
  EXPECT_EQ(Whole(std::nullopt), "-");
}

TEST(Usd, IsDollarsOrDollarsAndCents) {
  EXPECT_EQ(WholeUsd(2'270'036'171.1584706), "$2,270,036,171");
  EXPECT_EQ(WholeUsd(-1'234.5), "-$1,234");
  EXPECT_EQ(WholeUsd(-0.1), "$0");
  EXPECT_EQ(WholeUsd(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(Usd(7.476886577), "$7.48");
  EXPECT_EQ(Usd(1'234.5), "$1,234.50");
  EXPECT_EQ(Usd(std::nullopt), "-");
}

TEST(CountOf, OneIsSingular) {
  EXPECT_EQ(CountOf(1, "row"), "1 row");
  EXPECT_EQ(CountOf(0, "report"), "0 reports");
  EXPECT_EQ(CountOf(20'000, "row"), "20,000 rows");
}

TEST(WholePercent, RoundsHalvesUp) {
  EXPECT_EQ(WholePercent(0.1408926897), "14%");
  EXPECT_EQ(WholePercent(0.025), "3%");
  EXPECT_EQ(WholePercent(0.145), "15%");
  EXPECT_EQ(WholePercent(4), "400%");
  EXPECT_EQ(WholePercent(std::nullopt), "-");
}

}  // namespace
}  // namespace fleetmeter::ctl
