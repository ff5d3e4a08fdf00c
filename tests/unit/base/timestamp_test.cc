#include "daemon/base/timestamp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/units.h"

namespace fleetmeter {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMarch2 = 1'772'409'600;  // 2026-03-02T00:00:00Z

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

// -1: refused.
int64_t Seconds(std::string_view text, const std::optional<absl::TimeZone>& zone = std::nullopt) {
  const auto time = ParseTimestamp(text, zone);
  return time.ok() ? time->unix_nanos / kNanosPerSecond : -1;
}

std::string WhyNot(std::string_view text,
                   const std::optional<absl::TimeZone>& zone = std::nullopt) {
  return std::string(ParseTimestamp(text, zone).status().message());
}

TEST(Timestamp, IsReadAsDatabasesDataFramesAndCloudsWriteIt) {
  for (const std::string_view text : {"2026-03-02",
                                      "2026-03-02T00:00:00Z",
                                      "2026-03-02t00:00:00z",
                                      "2026-03-02T00:00Z",
                                      "2026-03-02T00:00:00.000Z",
                                      "2026-03-02T00:00:00.0000000Z",
                                      "2026-03-02T01:00:00+01:00",
                                      "2026-03-01T19:30:00-0430",
                                      "2026-03-02T00:00:00+0000",
                                      "2026-03-02 00:00:00+00",
                                      "2026-03-02 00:00:00+00:00",
                                      "2026-03-02 00:00:00 UTC",
                                      "2026-03-02 00:00:00 +0000 UTC",
                                      "2026-03-02 00:00:00",
                                      "2026-03-02T00:00:00",
                                      "2026-03-02 00:00:00.000000",
                                      "2026-03-02 00:00",
                                      "2026/03/02",
                                      "02.03.2026",
                                      "2.3.2026",
                                      "02.03.2026 00:00",
                                      "02.03.2026 01:00:00+01:00",
                                      "2026-03-01T23:59:60Z",
                                      "1772409600",
                                      "1772409600.0",
                                      "1.7724096e9",
                                      "1772409600000",
                                      "1772409600000000",
                                      "1772409600000000000"}) {
    EXPECT_EQ(Seconds(text), kMarch2) << text;
  }
}

TEST(Timestamp, KeepsNanoseconds) {
  EXPECT_EQ(ParseTimestamp("2026-03-02 00:00:00.1234567899Z")->unix_nanos,
            kMarch2 * kNanosPerSecond + 123'456'789);
  EXPECT_EQ(ParseTimestamp("1772409600.000000001")->unix_nanos, kMarch2 * kNanosPerSecond + 1);
  EXPECT_EQ(ParseTimestamp("1772409600000000001")->unix_nanos, kMarch2 * kNanosPerSecond + 1);
}

TEST(Timestamp, GoesFrom1970To2199) {
  EXPECT_EQ(Seconds("1970-01-01"), 0);
  EXPECT_EQ(Seconds("1999-12-31"), 946'598'400);
  EXPECT_EQ(Seconds("2199-12-31T23:59:59Z"), 7'258'118'399);
  EXPECT_EQ(Seconds("7258118399"), 7'258'118'399);
  // Each unit from March 1973 on.
  for (const std::string_view text :
       {"100000000", "100000000000", "100000000000000", "100000000000000000"}) {
    EXPECT_EQ(Seconds(text), 100'000'000) << text;
  }
  for (const std::string_view text :
       {"1969-12-31", "1970-01-01T00:00:00+01:00", "2200-01-01", "7258118400", "99999999",
        "99999999999", "20260302", "1e300", "9223372036854775807"}) {
    EXPECT_EQ(Seconds(text), -1) << text;
  }
}

TEST(Timestamp, IsRefusedWhereItIsNoSuchMoment) {
  for (const std::string_view text : {"",
                                      " ",
                                      "2026",
                                      "2026-03",
                                      "2026-3-2",
                                      "2026-13-01",
                                      "2026-02-29",
                                      "2026-03-02T",
                                      "2026-03-02 ",
                                      " 2026-03-02",
                                      "2026-03-02T24:00:00Z",
                                      "2026-03-02T00:60:00Z",
                                      "2026-03-02T00:00:00.Z",
                                      "2026-03-02T00:00:00Z ",
                                      "2026-03-02T00:00:00+1",
                                      "2026-03-02T00:00:00 CET",
                                      "2026-03/02",
                                      "29.02.2026",
                                      "03.13.2026",
                                      "00.03.2026",
                                      "2.3.20261",
                                      "2.3-2026",
                                      "UnknownZ",
                                      "tomorrow",
                                      "-1772409600"}) {
    EXPECT_THAT(WhyNot(text), HasSubstr("expected")) << text;
  }
  EXPECT_THAT(WhyNot("03/02/2026"), HasSubstr("nobody can tell the day from the month"));
  EXPECT_THAT(WhyNot("02.03.26"), HasSubstr("expected the year first"));
}

TEST(Timestamp, IsLocalWithoutAnOffset) {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  EXPECT_EQ(Seconds("2026-03-02 01:00:00", berlin), kMarch2);
  EXPECT_EQ(Seconds("2026-03-02", berlin), kMarch2 - 3'600);
  EXPECT_EQ(Seconds("2026-07-01T00:00:00", berlin), Seconds("2026-06-30T22:00:00Z"));
  // What has an offset, or none to need, is where it was.
  EXPECT_EQ(Seconds("2026-03-02 00:00:00Z", berlin), kMarch2);
  EXPECT_EQ(Seconds("1772409600", berlin), kMarch2);
}

TEST(Timestamp, IsNoGuessWhereClocksChange) {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  EXPECT_THAT(WhyNot("2026-10-25 02:30:00", berlin),
              HasSubstr("clocks in Europe/Berlin show this time twice: write 2026-10-25 "
                        "02:30:00+02:00 or 2026-10-25 02:30:00+01:00"));
  EXPECT_EQ(Seconds("2026-10-25 02:30:00+01:00", berlin), Seconds("2026-10-25T01:30:00Z"));
  EXPECT_THAT(WhyNot("2026-03-29 02:30", berlin), HasSubstr("set forward over it"));
  // A day without its midnight begins later.
  EXPECT_EQ(Seconds("2018-11-04", Zone("America/Sao_Paulo")), Seconds("2018-11-04T03:00:00Z"));
}

TEST(Timestamp, NamesADay) {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  EXPECT_EQ(ParseTimestamp("2026-03-02", berlin)->day_unix_seconds, kMarch2);
  EXPECT_EQ(ParseTimestamp("2026-03-02 00:30", berlin)->day_unix_seconds, kMarch2);
  EXPECT_EQ(ParseTimestamp("2026-03-02T00:30:00+01:00")->day_unix_seconds, kMarch2 - 86'400);
  EXPECT_EQ(ParseTimestamp("1772409601")->day_unix_seconds, kMarch2);
}

// By the clock that wrote it, whichever day that is in UTC.
TEST(Timestamp, SaysWhichDayBeginsThen) {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  const auto begun = [](std::string_view text,
                        const std::optional<absl::TimeZone>& zone = std::nullopt) {
    const auto time = ParseTimestamp(text, zone);
    return time.ok() ? time->begun_day_unix_seconds : std::optional<int64_t>(-1);
  };
  EXPECT_EQ(begun("2026-03-02"), kMarch2);
  EXPECT_EQ(begun("2026-03-02", berlin), kMarch2);
  EXPECT_EQ(begun("2026-03-02 00:00:00", berlin), kMarch2);
  EXPECT_EQ(begun("2026-03-02 00:00:00+05:30", berlin), kMarch2);
  EXPECT_EQ(begun("2026-03-02T00:00:00-05:00"), kMarch2);
  EXPECT_EQ(begun("2026-03-01 23:00:00 UTC", berlin), std::nullopt);
  EXPECT_EQ(begun("2026-03-02 00:00:01"), std::nullopt);
  EXPECT_EQ(begun("2026-03-02 00:00:00.000000001"), std::nullopt);
  EXPECT_EQ(begun("1772409600"), kMarch2);
  EXPECT_EQ(begun("1772409600", berlin), std::nullopt);
  EXPECT_EQ(begun("1772406000", berlin), kMarch2);
  // A day without its midnight.
  EXPECT_EQ(begun("2018-11-04", Zone("America/Sao_Paulo")), 1'541'289'600);
}

TEST(UtcText, SaysAMomentAsPeopleWriteIt) {
  EXPECT_EQ(UtcText(1'767'225'600'000'000'000), "2026-01-01 00:00:00Z");
  EXPECT_EQ(UtcText(1'767'225'600'250'000'000), "2026-01-01 00:00:00.25Z");
}

}  // namespace
}  // namespace fleetmeter
