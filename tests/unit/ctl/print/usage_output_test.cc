#include "daemon/ctl/print/usage_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ledger/booked_usage.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;

class UsageOutputTest : public BookedUsage {};

TEST_F(UsageOutputTest, PrintsATable) {
  EXPECT_EQ(Text({kFirst, kDayEnd, {UsageKey::kPool, UsageKey::kChip}}, OutputFormat::kTable),
            "POOL   CHIP       ASSIGNED     BUSY     IDLE  PRODUCTIVE  MEASURED   CHIP-H\n"
            "alpha  b200           48.0     12.0     36.0           -      48.0     16.0\n"
            "alpha  trainium2   2,000.7  1,000.7  1,000.0       500.3   2,000.7  3,001.0\n"
            "beta   b200           24.0        -        -           -       0.0      8.0\n"
            "total              2,072.7  1,012.7  1,036.0       500.3   2,048.7  3,025.0\n"
            "\n"
            "2026-01-01 00:00:00Z to 2026-01-02 00:00:00Z, by the time of use; H100e-hours, chips "
            "in chip-hours; assigned chips; plan plan version 3; catalog version 4, 5\n");
}

TEST_F(UsageOutputTest, PrintsCsvWithExactSecondsAndNothingForWhatIsNotKnown) {
  EXPECT_EQ(
      Text({kFirst, kSecond, {UsageKey::kPool, UsageKey::kTeam}}, OutputFormat::kCsv),
      "pool,team,h100e_hours,measured_h100e_hours,busy_h100e_hours,idle_h100e_hours,"
      "productive_h100e_hours,chip_hours,measured_chip_hours,busy_chip_hours,idle_chip_hours,"
      "productive_chip_hours,chip_seconds,busy_chip_seconds,productive_chip_seconds,"
      "allocated_h100e_hours\n"
      "alpha,blue,48,48,12,36,,16,16,4,12,,57600,14400,,\n"
      "alpha,red,2000,2000,1000,1000,500.333333333,3000,3000,1500,1500,750.5,10800000,5400000,"
      "2701800,\n"
      "beta,,24,0,,,,8,0,,,,28800,,,\n");
}

TEST_F(UsageOutputTest, PrintsJson) {
  EXPECT_EQ(Text({kSecond, kSecond + kSecondsPerHour, {UsageKey::kHour, UsageKey::kSignal}},
                 OutputFormat::kJson),
            R"({
  "from": "2026-01-01 01:00:00Z",
  "to": "2026-01-01 02:00:00Z",
  "time": "used",
  "time_zone": "UTC",
  "basis": {
    "plans": [
      {
        "plan": "plan",
        "version": 3
      }
    ],
    "catalog_versions": [
      4
    ]
  },
  "usage": [
    {
      "hour": "2026-01-01T01:00:00Z",
      "signal": "gr_engine_active",
      "h100e_hours": "0.666666667",
      "measured_h100e_hours": "0.666666667",
      "busy_h100e_hours": "0.666666667",
      "idle_h100e_hours": "0",
      "productive_h100e_hours": null,
      "chip_hours": "1",
      "measured_chip_hours": "1",
      "busy_chip_hours": "1",
      "idle_chip_hours": "0",
      "productive_chip_hours": null,
      "chip_seconds": "3600",
      "busy_chip_seconds": "3600",
      "productive_chip_seconds": null,
      "allocated_h100e_hours": null
    }
  ]
}
)");
}

// A time that nobody has told of is not a time without use.
TEST_F(UsageOutputTest, SaysSoWhenNoUseIsToldOfOrBooked) {
  UsageQuestion question{kDayEnd, kDayEnd + 86'400, {UsageKey::kPool}};
  EXPECT_THAT(Text(question, OutputFormat::kTable),
              HasSubstr("the books tell of no use in this time"));
  question.time = UsageTime::kBooked;
  EXPECT_THAT(Text(question, OutputFormat::kTable), HasSubstr("nothing was booked"));
}

TEST(HoursOfNanos, RoundsToABillionth) {
  EXPECT_EQ(HoursOfNanos(0), "0");
  EXPECT_EQ(HoursOfNanos(kNanosPerHour), "1");
  EXPECT_EQ(HoursOfNanos(kNanosPerHour / 3), "0.333333333");
  EXPECT_EQ(HoursOfNanos(2 * kNanosPerHour / 3), "0.666666667");
  EXPECT_EQ(HoursOfNanos(1'799), "0");
  EXPECT_EQ(HoursOfNanos(1'800), "0.000000001");
  EXPECT_EQ(HoursOfNanos(-1'800), "-0.000000001");
  EXPECT_EQ(HoursOfNanos(absl::int128(kNanosPerHour) * INT64_MAX), "9223372036854775807");
}

}  // namespace
}  // namespace fleetmeter::ctl
