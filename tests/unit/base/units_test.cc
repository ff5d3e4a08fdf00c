#include "daemon/base/units.h"

#include <random>

#include "fmt/format.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

TEST(Duration, IsReadExactlyInEveryUnit) {
  EXPECT_EQ(ParseDuration("0s"), 0);
  EXPECT_EQ(ParseDuration("7ns"), 7);
  EXPECT_EQ(ParseDuration("7us"), 7'000);
  EXPECT_EQ(ParseDuration("7ms"), 7'000'000);
  EXPECT_EQ(ParseDuration("45s"), 45 * kSecond);
  EXPECT_EQ(ParseDuration("1.5h"), 5'400 * kSecond);
  EXPECT_EQ(ParseDuration("0.1s"), kSecond / 10);
  EXPECT_EQ(ParseDuration("2m"), 120 * kSecond);
  EXPECT_EQ(ParseDuration("7d"), 7 * 86'400 * kSecond);
  EXPECT_EQ(ParseDuration("9223372036.854775807s"), INT64_MAX);
}

TEST(Duration, NeedsANumberAKnownUnitAndWholeNanoseconds) {
  for (const std::string_view text : {"",
                                      "s",
                                      "45",
                                      "45 s",
                                      "-1s",
                                      "+1s",
                                      "1.s",
                                      ".5s",
                                      "1..5s",
                                      "1.5.5s",
                                      "1e3s",
                                      "1S",
                                      "1sec",
                                      "1w",
                                      "0.5ns",
                                      "0.0000000001s",
                                      "1s ",
                                      "1s2m",
                                      "9223372036.854775808s",
                                      "99999999999999999999999d"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(Duration, ReadsBackWhatItWrites) {
  EXPECT_EQ(FormatDuration(0), "0ns");
  EXPECT_EQ(FormatDuration(90 * kSecond), "90s");
  EXPECT_EQ(FormatDuration(3'600 * kSecond), "1h");
  std::mt19937_64 random(1);
  for (int i = 0; i < 1'000; ++i) {
    const int64_t nanos = std::uniform_int_distribution<int64_t>(0, INT64_MAX)(random) >> (i % 60);
    EXPECT_EQ(ParseDuration(FormatDuration(nanos)), nanos);
  }
}

TEST(Size, IsReadInBinaryUnits) {
  EXPECT_EQ(ParseSize("17B"), 17);
  EXPECT_EQ(ParseSize("1KiB"), 1'024);
  EXPECT_EQ(ParseSize("4MiB"), 4 << 20);
  EXPECT_EQ(ParseSize("0.5GiB"), 512 << 20);
  EXPECT_EQ(FormatSize(4 << 20), "4MiB");
  for (const std::string_view text : {"", "4", "4MB", "4 MiB", "-4MiB", "0.3B", "MiB", "4mib"}) {
    EXPECT_EQ(ParseSize(text), std::nullopt) << text;
  }
}

TEST(Share, IsAFractionOrAPercentage) {
  EXPECT_EQ(ParseShare("0.9"), 0.9);
  EXPECT_EQ(ParseShare("90%"), 0.9);
  EXPECT_EQ(ParseShare("12.5%"), 0.125);
  EXPECT_EQ(ParseShare("1/3"), 1.0 / 3);
  EXPECT_EQ(ParseShare("50%/4"), 0.125);
  for (int permille = 0; permille <= 1'000; ++permille) {
    EXPECT_DOUBLE_EQ(*ParseShare(fmt::format("{}%", permille / 10.0)), permille / 1'000.0);
  }
  for (const std::string_view text : {"", "%", "90 %", "90%%", "ninety", "nan%", "inf"}) {
    EXPECT_EQ(ParseShare(text), std::nullopt) << text;
  }
}

TEST(Number, IsFiniteAndNothingElse) {
  EXPECT_EQ(ParseNumber("989.4e12"), 989.4e12);
  EXPECT_EQ(ParseNumber("-1"), -1);
  for (const std::string_view text :
       {"", " 1", "1 ", "1x", "nan", "inf", "-inf", "1e999", "0x10", "+1"}) {
    EXPECT_EQ(ParseNumber(text), std::nullopt) << text;
  }
}

TEST(Integer, IsDecimalDigitsThatFit) {
  EXPECT_EQ(ParseInteger("-12"), -12);
  EXPECT_EQ(ParseInteger("9223372036854775807"), INT64_MAX);
  for (const std::string_view text :
       {"", "1.0", "1e3", "0x10", "1_000", "1,000", "+1", "9223372036854775808"}) {
    EXPECT_EQ(ParseInteger(text), std::nullopt) << text;
  }
}

TEST(MicroUsd, AreExact) {
  EXPECT_EQ(ParseMicroUsd("11.06"), 11'060'000);
  EXPECT_EQ(ParseMicroUsd("0.000001"), 1);
  EXPECT_EQ(ParseMicroUsd("3.50"), 3'500'000);
  EXPECT_EQ(ParseMicroUsd("2.5000000"), 2'500'000);
  EXPECT_EQ(ParseMicroUsd("1.5e3"), 1'500'000'000);
  EXPECT_EQ(ParseMicroUsd("3e-6"), 3);
  for (const std::string_view text : {"", "$1", "-1", "1e", "0.0000001", "1e-7", "1,5"}) {
    EXPECT_EQ(ParseMicroUsd(text), std::nullopt) << text;
  }
  for (int64_t cents = 0; cents < 10'000; ++cents) {
    EXPECT_EQ(ParseMicroUsd(fmt::format("{}.{:02}", cents / 100, cents % 100)), cents * 10'000);
  }
}

TEST(Time, IsADateOrRfc3339) {
  EXPECT_EQ(ParseTime("2026-01-01"), 1'767'225'600 * kSecond);
  EXPECT_EQ(ParseTime("2026-01-01T00:00:00Z"), 1'767'225'600 * kSecond);
  EXPECT_EQ(ParseTime("2026-01-01T01:00:00+01:00"), 1'767'225'600 * kSecond);
  EXPECT_EQ(ParseTime("2026-01-01T00:00:00.000000001Z"), 1'767'225'600 * kSecond + 1);
  EXPECT_EQ(ParseTime("2028-02-29"), 1'835'395'200 * kSecond);
  EXPECT_NE(ParseTime("2199-12-31T23:59:59Z"), std::nullopt);
  // Imports bring usage of the years before 2000, and reports have to show it.
  EXPECT_EQ(ParseTime("1999-12-31"), 946'598'400 * kSecond);
  EXPECT_EQ(ParseTime("1970-01-01"), 0);
  EXPECT_EQ(ParseTime("1970-01-01T00:00:00+01:00"), std::nullopt);
}

TEST(Time, RefusesWhatIsNoSuchMoment) {
  for (const std::string_view text :
       {"", "2026", "2026-01", "2026-1-1", "2026-13-01", "2026-02-29", "2026-01-01T00:00:00",
        "2026-01-01 00:00:00Z", "2026-01-01T24:00:01Z", "2026-01-01T00:00Z", "1969-12-31",
        "2200-01-01", "infinite-future", " 2026-01-01", "2026-01-01 ", "2026-01-01T00:00:00Z ",
        "tomorrow"}) {
    EXPECT_EQ(ParseTime(text), std::nullopt) << text;
  }
}

TEST(Share, IsWrittenWithAsFewDigitsAsReadTheSame) {
  EXPECT_EQ(FormatShare(0), "0%");
  EXPECT_EQ(FormatShare(0.07), "7%");
  EXPECT_EQ(FormatShare(0.9), "90%");
  EXPECT_EQ(FormatShare(0.125), "12.5%");
  EXPECT_EQ(FormatShare(1), "100%");
  for (double share = 0.001; share < 1; share += 0.001) {
    EXPECT_EQ(ParseShare(FormatShare(share)), share);
  }
}

}  // namespace
}  // namespace fleetmeter
