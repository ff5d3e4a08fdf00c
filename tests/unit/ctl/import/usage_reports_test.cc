#include "daemon/ctl/import/usage_reports.h"

#include "daemon/base/decimal.h"
#include "daemon/ctl/import/totals.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "imports_testing.h"

namespace fleetmeter::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<ImportBatch> PlanUse(const std::string& text,
                                    const std::string& source = "history") {
  CsvReader csv = Csv(text);
  return MakeUsageReports(csv, {.source = source});
}

TEST(PlanUsage, MakesAReportOfEachSourceAndWindow) {
  const auto plan = PlanUse(
      "start,end,source,chip,state,pool,team,workload,model,signal,chip_hours,busy_chip_hours\n"
      "2026-01-01,2026-01-02,b,b200,,serving,api,web,opus,tensor_active,24.00000000001,12\n"
      "2026-01-01,2026-01-02,a,b200,assigned,serving,api,,opus,,48,\n"
      "2026-01-01,2026-01-02,b,b200,unhealthy,,,,,,0.5,\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(Refused(*plan), ElementsAre());
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Usage(*plan, 0).source, "a");
  EXPECT_EQ(Usage(*plan, 0).groups[0].signal, kAllocatedOnly);
  EXPECT_EQ(Usage(*plan, 0).groups[0].busy_chip_nanos, std::nullopt);
  const UsageReport& report = Usage(*plan, 1);
  EXPECT_EQ(report.window_length_nanos, kDay);
  EXPECT_EQ(report.duration_nanos, kDay);
  ASSERT_EQ(report.groups.size(), 2u);
  // To the chip-nanosecond: a double would not hold it.
  EXPECT_EQ(report.groups[0].chip_nanos, 86'400'000'000'036);
  EXPECT_EQ(report.groups[0].busy_chip_nanos, 43'200'000'000'000);
  EXPECT_EQ(report.groups[1].state, ChipState::kUnhealthy);
  EXPECT_EQ(plan->reports[1].lines.Text(), "2, 4");
  EXPECT_EQ(TotalsOf(*plan).chip_nanos, 86'400'000'000'036 + 48 * kHour + kHour / 2);
}

TEST(PlanUsage, RefusesRowsThatTheDaemonWouldNotTake) {
  const auto plan = PlanUse(
      "start,length,chip,state,pool,team,signal,chip_hours,busy_chip_hours\n"
      "2026-01-01,1h,b200,,serving,api,s,1,2\n"
      "2026-01-01,1h,b200,,serving,,s,1,1\n"
      "2026-01-01,8785h,b200,,serving,api,s,1,1\n"
      "2026-01-01,1h,b200,,serving,api,,1,1\n"
      "2026-01-01,1h,b200,unassigned,,api,,1,\n"
      "2026-01-01,1h,b200,busy,serving,api,s,1,1\n"
      "2026-01-01,1h,b200,,serving,api,s,1:30,0\n"
      "2026-01-01,1h,b200,,serving,api,s,-1,0\n"
      "2026-01-01,1h,b200,,serving,api,s,,0\n"
      "2026-01-01,,b200,,serving,api,s,1,1\n"
      "2026-01-01,1s,b200,,serving,api,,2562047,\n");
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->reports.size(), 0u);
  EXPECT_THAT(
      Refused(*plan),
      ElementsAre(HasSubstr("2 busy_chip_hours: is \"2\"; expected at most chip_hours"),
                  HasSubstr("3 team: is \"\"; expected a team"),
                  HasSubstr("4 length: is \"8785h\""), HasSubstr("5 signal: is \"\""),
                  HasSubstr("6 team: is \"api\"; expected nothing"), HasSubstr("7 state: is"),
                  HasSubstr("8 chip_hours: is"), HasSubstr("9 chip_hours: is \"-1\""),
                  HasSubstr("10 chip_hours: is \"\""), HasSubstr("11 end: is \"\""),
                  HasSubstr("12 chip_hours: the rows of this source and window come to more")));
}

// A gap of the exporter: the chips are held, and nobody knows how busy they were.
TEST(PlanUsage, AnEmptyCellOfBusyTimeIsNotMeasuredAndNotIdle) {
  const auto plan = PlanUse(
      "start,length,chip,pool,team,signal,chip_hours,busy_chip_hours\n"
      "2026-01-01,1h,b200,p,t,gpu_util,8,\n"
      "2026-01-02,1h,b200,p,t,gpu_util,8,0\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(Refused(*plan), ElementsAre());
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(Usage(*plan, 0).groups.at(0).signal, kAllocatedOnly);
  EXPECT_EQ(Usage(*plan, 0).groups.at(0).busy_chip_nanos, std::nullopt);
  EXPECT_EQ(Usage(*plan, 1).groups.at(0).signal, "gpu_util");
  EXPECT_EQ(Usage(*plan, 1).groups.at(0).busy_chip_nanos, 0);
  // A file that has no such column at all is likely to name it otherwise.
  const auto without =
      PlanUse("start,length,chip,pool,team,signal,chip_hours\n2026-01-01,1h,b200,p,t,gpu_util,8\n");
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_THAT(Refused(*without), ElementsAre(HasSubstr("expected what the signal measured")));
}

// What doubles add up to.
TEST(PlanUsage, BusyTimeMayExceedAllByAMillionth) {
  const auto plan = PlanUse(
      "start,length,chip,pool,team,signal,chip_hours,busy_chip_hours\n"
      "2026-01-01,1h,b200,p,t,s,100000,100000.00000000001\n"
      "2026-01-02,1h,b200,p,t,s,24,24.00002\n"
      "2026-01-03,1h,b200,p,t,s,24,24.0001\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(Refused(*plan), ElementsAre(HasSubstr("4 busy_chip_hours: is \"24.0001\"")));
  for (const size_t i : {0u, 1u}) {
    const UsageGroup& group = Usage(*plan, i).groups.at(0);
    EXPECT_EQ(group.busy_chip_nanos, group.chip_nanos);
  }
}

// 7 s of 2 chips are no decimal of an hour.
TEST(PlanUsage, RoundsHoursToTheChipNanosecond) {
  const auto plan = PlanUse(
      "start,length,chip,pool,team,signal,chip_hours,busy_chip_hours\n"
      "2026-01-01,7s,h100,p,t,s,0.0038888888888888888,1.9444444444444444e-3\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(Refused(*plan), ElementsAre());
  EXPECT_EQ(Usage(*plan, 0).groups.at(0).chip_nanos, 14 * kSecond);
  EXPECT_EQ(Usage(*plan, 0).groups.at(0).busy_chip_nanos, 7 * kSecond);
}

TEST(PlanUsage, RefusesWindowsOfASourceThatOverlapOrHoldTooMuch) {
  std::string text =
      "start,end,chip,pool,team,chip_hours\n"
      "2026-01-01T00:00:00Z,2026-01-01T02:00:00Z,b200,p,t,1\n"
      "2026-01-01T01:00:00Z,2026-01-01T03:00:00Z,b200,p,t,1\n"
      "2026-01-02T00:00:00Z,2026-01-02T00:00:01Z,b200,p,t,2777.8\n";
  for (size_t i = 0; i <= kMostGroups; ++i) text += "2026-01-03,2026-01-04,b200,p,t,1\n";
  const auto plan = PlanUse(text);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->reports.size(), 1u);
  ASSERT_EQ(plan->refused.size(), 2 + kMostGroups + 1);
  EXPECT_THAT(plan->refused[0].reason, HasSubstr("lies within an earlier window"));
  EXPECT_THAT(plan->refused[1].reason, HasSubstr("more than 10000000 chips"));
  EXPECT_THAT(plan->refused[2].reason, HasSubstr("this source has 4097 rows"));
}

// Start and end of each report in hours of 2026, and its chip-hours.
std::vector<std::string> Windows(const ImportBatch& plan) {
  std::vector<std::string> windows;
  for (size_t i = 0; i < plan.reports.size(); ++i) {
    const UsageReport& report = Usage(plan, i);
    int64_t nanos = 0;
    for (const UsageGroup& group : report.groups) nanos += group.chip_nanos;
    const auto hours = [](int64_t value) {
      return Decimal(absl::int128(value) * 10'000 / kHour, 4);
    };
    windows.push_back(fmt::format("{} {}-{} {}", report.source,
                                  hours(report.window_start_unix_nanos - kNewYear2026),
                                  hours(report.WindowEnd() - kNewYear2026), hours(nanos)));
  }
  return windows;
}

TEST(PlanUsage, CutsRowsOfMoreThanADayAtMidnights) {
  const auto plan = PlanUse(
      "start,end,chip,pool,team,signal,chip_hours,busy_chip_hours,productive_chip_hours\n"
      "2026-01-01T21:00:00Z,2026-01-03T06:00:00Z,b200,p,t,s,66,33,0\n"
      "2026-01-03T06:00:00Z,2026-01-04T06:00:00Z,b200,p,t,s,24,24,1\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(Refused(*plan), ElementsAre());
  // A day that is not a calendar day is as long as a report may be.
  EXPECT_THAT(Windows(*plan), ElementsAre("history 21-24 6", "history 24-48 48", "history 48-54 12",
                                          "history 54-78 24"));
  EXPECT_EQ(Usage(*plan, 1).groups.at(0).busy_chip_nanos, 24 * kHour);
  EXPECT_EQ(TotalsOf(*plan).rows, 2);
}

TEST(PlanUsage, PartsOfARowAddUpToItExactly) {
  for (const char* amounts : {"100.000000000001,100.000000000001", "3e-12,2e-12", "7e-12,0",
                              "1.000000000003,0.999999999999"}) {
    const auto plan =
        PlanUse(std::string("start,end,chip,pool,team,signal,chip_hours,busy_chip_hours\n"
                            "2026-01-01T21:00:00.000000007Z,2026-01-31T06:00:00Z,b200,p,t,s,") +
                amounts + "\n");
    ASSERT_TRUE(plan.ok());
    ASSERT_EQ(plan->reports.size(), 31u);
    int64_t chip = 0;
    int64_t busy = 0;
    for (size_t i = 0; i < plan->reports.size(); ++i) {
      const UsageGroup& group = Usage(*plan, i).groups.at(0);
      EXPECT_LE(*group.busy_chip_nanos, group.chip_nanos);
      chip += group.chip_nanos;
      busy += *group.busy_chip_nanos;
    }
    const std::string text = amounts;
    EXPECT_EQ(chip, RoundDecimal(text.substr(0, text.find(',')), kHour)->whole) << text;
    EXPECT_EQ(busy, RoundDecimal(text.substr(text.find(',') + 1), kHour)->whole) << text;
  }
}

// As a scheduler's accounting has them: 4 GPUs for 4.5 h, 8 for 49 h, 2 for 7 s.
TEST(PlanUsage, TakesJobsThatRanSideBySide) {
  const auto plan = PlanUse(
      "start,end,source,chip,pool,team,workload,chip_hours\n"
      "2026-11-02T08:00:00Z,2026-11-02T12:30:00Z,slurm,h100,research,vision,501,18.0\n"
      "2026-11-02T09:15:20Z,2026-11-04T10:15:20Z,slurm,h100,research,rl,502,392.0\n"
      "2026-11-02T11:00:00Z,2026-11-02T11:00:07Z,slurm,h100,research,vision,503,"
      "0.0038888888888888888\n"
      "2026-11-02T08:00:00Z,UnknownZ,slurm,h100,research,vision,504,12.0\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(Refused(*plan), ElementsAre(HasSubstr("5 end: is \"UnknownZ\"")));
  EXPECT_EQ(TotalsOf(*plan).rows, 3);
  EXPECT_EQ(TotalsOf(*plan).chip_nanos, 410 * kHour + 14 * kSecond);
  ASSERT_EQ(plan->reports.size(), 51u);  // an hour each
  int64_t end_before = 0;
  for (size_t i = 0; i < plan->reports.size(); ++i) {
    EXPECT_GE(Usage(*plan, i).window_start_unix_nanos, end_before);
    end_before = Usage(*plan, i).WindowEnd();
  }
  // From 11 to 12: all three.
  ASSERT_EQ(Usage(*plan, 3).groups.size(), 3u);
  EXPECT_EQ(Usage(*plan, 3).groups[0].chip_nanos, 4 * kHour);
  EXPECT_EQ(Usage(*plan, 3).groups[1].chip_nanos, 8 * kHour);
  EXPECT_EQ(Usage(*plan, 3).groups[2].chip_nanos, 14 * kSecond);
}

TEST(PlanUsage, AddsUpJobsOfOneNameWithinAnHour) {
  const auto plan = PlanUse(
      "start,end,chip,pool,team,workload,chip_hours\n"
      "2026-01-01T00:00:00Z,2026-01-01T02:00:00Z,b200,p,t,long,2\n"
      "2026-01-01T00:10:00Z,2026-01-01T00:20:00Z,b200,p,t,short,1\n"
      "2026-01-01T00:20:00Z,2026-01-01T00:30:00Z,b200,p,t,short,2\n");
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(Windows(*plan), ElementsAre("history 0-1 4", "history 1-2 1"));
  EXPECT_EQ(Usage(*plan, 0).groups.size(), 2u);
  EXPECT_EQ(plan->reports[0].lines.Text(), "2-4");
  EXPECT_EQ(TotalsOf(*plan).rows, 3);
}

TEST(PlanUsage, LeavesNoRowInTheBooksByAPart) {
  const auto plan = PlanUse(
      "start,end,chip,pool,team,workload,chip_hours\n"
      "2026-01-01,2026-01-04,b200,p,t,a,24\n"
      "2026-01-02T00:00:00Z,2026-01-02T00:00:01Z,b200,p,t,b,2777.8\n"
      "2026-01-02T00:00:02Z,2026-01-02T00:00:03Z,b200,p,t,c,1e6\n");
  ASSERT_TRUE(plan.ok());
  // In the hour that both begin in there are too many chips: none of the three is there by a part.
  EXPECT_EQ(TotalsOf(*plan).rows + static_cast<int64_t>(plan->refused.size()), 3);
  for (const ImportReport& report : plan->reports) {
    for (const imports::RefusedRow& row : plan->refused) {
      EXPECT_THAT(report.lines.Lines(), testing::Not(testing::Contains(row.line)));
    }
  }
}

TEST(PlanUsage, TakesChipSeconds) {
  const auto plan = PlanUse(
      "start,length,chip,pool,team,signal,chip_seconds,busy_chip_seconds\n"
      "2026-01-01,1m,b200,p,t,s,60,0.5\n"
      "2026-01-02,1m,b200,p,t,s,60,61\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(Usage(*plan, 0).groups.at(0).chip_nanos, kMinute);
  EXPECT_EQ(Usage(*plan, 0).groups.at(0).busy_chip_nanos, kSecond / 2);
  EXPECT_THAT(Refused(*plan), ElementsAre(HasSubstr("3 busy_chip_seconds: is \"61\"; expected at "
                                                    "most chip_seconds")));
  EXPECT_THAT(
      std::string(PlanUse("start,length,chip,chip_hours,chip_seconds\n").status().message()),
      HasSubstr("the file has both of the columns chip_hours and chip_seconds"));
  EXPECT_THAT(std::string(PlanUse("start,length,chip\n").status().message()),
              HasSubstr("the file has none of the columns chip_hours and chip_seconds"));
}

TEST(PlanUsage, RefusesFilesOfAnotherForm) {
  EXPECT_THAT(std::string(PlanUse("start,chip,chip_hours\n").status().message()),
              HasSubstr("one of the columns end and length"));
  EXPECT_THAT(std::string(PlanUse("start,end,chip,chip_hours\n", "").status().message()),
              HasSubstr("column source is missing"));
  EXPECT_THAT(std::string(PlanUse("start,end,chip,chip_hours,hours\n").status().message()),
              HasSubstr("column \"hours\" is unknown"));
}

// As for what was served: or else the cost of a day would not stand beside its revenue.
TEST(PlanUsage, WholeDaysCountForTheDaysThatTheyName) {
  const std::string header = "start,length,chip,pool,team,chip_hours\n";
  const auto starts = [&](const std::string& rows, const std::string& zone) {
    CsvReader csv = Csv(header + rows);
    const auto plan = MakeUsageReports(csv, {.source = "s", .zone = *DayZone::Load(zone)});
    std::vector<int64_t> hours;
    EXPECT_TRUE(plan.ok() && plan->refused.empty());
    for (const ImportReport& report : plan->reports) {
      hours.push_back(
          (std::get<UsageReport>(report.report).window_start_unix_nanos - kNewYear2026) / kHour);
    }
    return hours;
  };
  const std::string days =
      "2026-01-02T00:00:00+01:00,1d,b200,p,t,24\n2026-01-03T00:00:00+01:00,1d,b200,p,t,24\n";
  EXPECT_EQ(starts(days, "UTC"), (std::vector<int64_t>{24, 48}));
  EXPECT_EQ(starts(days, "Europe/Berlin"), (std::vector<int64_t>{23, 47}));
  // One row of an hour: the file is of moments.
  EXPECT_EQ(starts(days + "2026-01-04T00:00:00+01:00,1h,b200,p,t,1\n", "UTC"),
            (std::vector<int64_t>{23, 47, 71}));
}

}  // namespace
}  // namespace fleetmeter::imports
