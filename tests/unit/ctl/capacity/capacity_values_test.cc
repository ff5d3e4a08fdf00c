#include "daemon/ctl/capacity/capacity_values.h"

#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

TEST(CapacityValuesTest, ReadsMoneyExactly) {
  EXPECT_EQ(ParseUsd("250000"), 250'000'000'000);
  EXPECT_EQ(ParseUsd("1.5M"), 1'500'000'000'000);
  EXPECT_EQ(ParseUsd("$1.5M"), 1'500'000'000'000);
  EXPECT_EQ(ParseUsd("-20K"), -20'000'000'000);
  EXPECT_EQ(ParseUsd("-$20K"), -20'000'000'000);
  EXPECT_EQ(ParseUsd("0.000001"), 1);
  // What a double would make 1234567.8899999999.
  EXPECT_EQ(ParseUsd("1.23456789M"), 1'234'567'890'000);
  EXPECT_EQ(ParseUsd("1T"), 1'000'000'000'000'000'000);
}

TEST(CapacityValuesTest, RefusesWhatIsNoMoney) {
  for (const char* text :
       {"", "$", "much", "1.5m", "1e3K", "--5", "-+5", "0.0000001", "1,000", "100T", "1 M", "M"}) {
    EXPECT_EQ(ParseUsd(text), std::nullopt) << text;
  }
}

TEST(CapacityValuesTest, ReadsDurationsInFullHours) {
  EXPECT_EQ(ParseHours("14d"), 336);
  EXPECT_EQ(ParseHours("36h"), 36);
  EXPECT_EQ(ParseHours("60m"), 1);
  EXPECT_EQ(ParseHours("1.5d"), 36);
  for (const char* text : {"", "0h", "90m", "14", "-1d", "200000d"}) {
    EXPECT_EQ(ParseHours(text), std::nullopt) << text;
  }
}

TEST(CapacityValuesTest, ReadsFullHoursWithOrWithoutSeconds) {
  EXPECT_EQ(ParseHour("2026-12-01T09:00Z"), 1'796'115'600);
  EXPECT_EQ(ParseHour("2026-12-01T09:00:00Z"), 1'796'115'600);
  EXPECT_EQ(ParseHour("2026-12-01T10:00+01:00"), 1'796'115'600);
  EXPECT_EQ(ParseHour("2026-12-01"), 1'796'083'200);
  for (const char* text : {"", "soon", "2026-12-01T09:30Z", "2026-13-01", "2026-12-01T09:00:01Z"}) {
    EXPECT_EQ(ParseHour(text), std::nullopt) << text;
  }
}

TEST(CapacityValuesTest, ReadsDays) {
  EXPECT_EQ(ParseDay("2026-12-01"), 1'796'083'200);
  EXPECT_EQ(ParseDay("2026-12-01T09:00Z"), std::nullopt);
}

TEST(CapacityValuesTest, ReadsProbabilities) {
  EXPECT_EQ(ParseConfidence("90%"), 9'000u);
  EXPECT_EQ(ParseConfidence("0.9"), 9'000u);
  EXPECT_EQ(ParseConfidence("99.99%"), 9'999u);
  EXPECT_EQ(ParseConfidence("100%"), 10'000u);
  for (const char* text : {"", "0%", "101%", "90.001%", "-5%", "often", "1/3"}) {
    EXPECT_EQ(ParseConfidence(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
