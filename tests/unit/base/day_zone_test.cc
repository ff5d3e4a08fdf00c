// Days by the clocks of time zones, also where clocks are changed.
#include "daemon/base/day_zone.h"

#include <gtest/gtest.h>

#include "absl/time/civil_time.h"
#include "daemon/base/units.h"

namespace fleetmeter {
namespace {

// Midnight UTC of a date: a day's name.
int64_t Day(int year, int month, int day) {
  return absl::ToUnixSeconds(
      absl::FromCivil(absl::CivilDay(year, month, day), absl::UTCTimeZone()));
}

DayZone Zone(const std::string& name) {
  auto zone = DayZone::Load(name);
  EXPECT_TRUE(zone.ok()) << zone.status();
  return zone.value_or(DayZone());
}

TEST(DayZone, IsUtcUnlessItIsSaid) {
  const DayZone utc;
  EXPECT_EQ(utc.name(), "UTC");
  EXPECT_TRUE(utc.is_utc());
  for (const int64_t time : {int64_t{0}, int64_t{86'399}, Day(2026, 3, 29) + 12'345}) {
    EXPECT_EQ(utc.Local(time), time);
    EXPECT_EQ(utc.Moment(time), time);
  }
  EXPECT_EQ(utc, Zone("UTC"));
}

TEST(DayZone, KnowsNoOtherNamesThanThoseOfTheDatabase) {
  for (const char* name : {"", "Mars/Olympus", "localtime", "/etc/localtime"}) {
    EXPECT_EQ(DayZone::Load(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(DayZone, DaysBeginAtLocalMidnight) {
  const DayZone berlin = Zone("Europe/Berlin");
  EXPECT_EQ(berlin.BeginOf(Day(2026, 1, 1)), Day(2026, 1, 1) - kSecondsPerHour);
  EXPECT_EQ(berlin.BeginOf(Day(2026, 4, 1)), Day(2026, 4, 1) - 2 * kSecondsPerHour);
  EXPECT_EQ(berlin.Local(Day(2026, 4, 1) - 2 * kSecondsPerHour), Day(2026, 4, 1));
  EXPECT_EQ(berlin.Local(Day(2026, 4, 1) - 2 * kSecondsPerHour - 1), Day(2026, 4, 1) - 1);
  EXPECT_EQ(Zone("Asia/Kolkata").BeginOf(Day(2026, 1, 2)), Day(2026, 1, 1) + 18 * 3'600 + 1'800);
}

TEST(DayZone, DaysOf23And25HoursAreDays) {
  const DayZone berlin = Zone("Europe/Berlin");
  const int64_t spring = Day(2026, 3, 29);
  const int64_t autumn = Day(2026, 10, 25);
  EXPECT_EQ(berlin.BeginOf(spring + kSecondsPerDay) - berlin.BeginOf(spring), 23 * 3'600);
  EXPECT_EQ(berlin.BeginOf(autumn + kSecondsPerDay) - berlin.BeginOf(autumn), 25 * 3'600);
  // No time of the long day is taken for the next.
  int64_t before = 0;
  for (int64_t time = berlin.BeginOf(autumn); time < berlin.BeginOf(autumn + kSecondsPerDay);
       time += 60) {
    const int64_t local = berlin.Local(time);
    EXPECT_EQ(local - local % kSecondsPerDay, autumn);
    EXPECT_GE(local, before);
    before = local;
  }
}

// Clocks of Beirut are set from 0:00 to 1:00, and Samoa had no 30 December 2011.
TEST(DayZone, DaysMayBeginAtOneOrNotBe) {
  const DayZone beirut = Zone("Asia/Beirut");
  const int64_t day = Day(2022, 3, 27);
  EXPECT_EQ(beirut.Local(beirut.BeginOf(day)), day);
  EXPECT_EQ(beirut.Local(beirut.BeginOf(day) - 1), day - 1);
  const DayZone apia = Zone("Pacific/Apia");
  EXPECT_EQ(apia.BeginOf(Day(2011, 12, 30)), apia.BeginOf(Day(2011, 12, 31)));
  EXPECT_EQ(apia.Local(apia.BeginOf(Day(2011, 12, 30))), Day(2011, 12, 31));
}

TEST(DayZone, TellsWhenItsClocksAreChanged) {
  const DayZone berlin = Zone("Europe/Berlin");
  const auto offsets = berlin.Offsets(Day(2026, 1, 1), Day(2027, 1, 1));
  ASSERT_EQ(offsets.size(), 3u);
  EXPECT_EQ(offsets[0].seconds, 3'600);
  EXPECT_EQ(offsets[0].until_unix_seconds, Day(2026, 3, 29) + 3'600);
  EXPECT_EQ(offsets[1].seconds, 7'200);
  EXPECT_EQ(offsets[1].until_unix_seconds, Day(2026, 10, 25) + 3'600);
  EXPECT_EQ(offsets[2].seconds, 3'600);
  EXPECT_EQ(offsets[2].until_unix_seconds, Day(2027, 1, 1));
  EXPECT_EQ(DayZone().Offsets(0, 1).size(), 1u);
}

}  // namespace
}  // namespace fleetmeter
