#include "daemon/ctl/import/usage_reports.h"

#include "daemon/ctl/import/totals.h"
#include "gmock/gmock.h"
#include "imports_testing.h"

namespace fleetmeter::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<ImportBatch> Plan(const std::string& text, const std::string& source = "history") {
  CsvReader csv = Csv(text);
  return MakeUsageReports(csv, {.source = source});
}

TEST(PlanUsage, MakesAReportOfEachSourceAndWindow) {
  const auto plan = Plan(
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
  const auto plan = Plan(
      "start,length,chip,state,pool,team,signal,chip_hours,busy_chip_hours\n"
      "2026-01-01,1h,b200,,serving,api,s,1,2\n"
      "2026-01-01,1h,b200,,serving,,s,1,1\n"
      "2026-01-01,25h,b200,,serving,api,s,1,1\n"
      "2026-01-01,1h,b200,,serving,api,,1,1\n"
      "2026-01-01,1h,b200,,serving,api,s,1,\n"
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
                  HasSubstr("3 team: is \"\"; expected a team"), HasSubstr("4 length: is \"25h\""),
                  HasSubstr("5 signal: is \"\""), HasSubstr("6 busy_chip_hours: is \"\""),
                  HasSubstr("7 team: is \"api\"; expected nothing"), HasSubstr("8 state: is"),
                  HasSubstr("9 chip_hours: is"), HasSubstr("10 chip_hours: is \"-1\""),
                  HasSubstr("11 chip_hours: is \"\""), HasSubstr("12 end: is \"\""),
                  HasSubstr("13 chip_hours: the rows of this source and window come to more")));
}

// 7 s of 2 chips are no decimal of an hour.
TEST(PlanUsage, RoundsHoursToTheChipNanosecond) {
  const auto plan = Plan(
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
  const auto plan = Plan(text);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->reports.size(), 1u);
  ASSERT_EQ(plan->refused.size(), 2 + kMostGroups + 1);
  EXPECT_THAT(plan->refused[0].reason, HasSubstr("lies within an earlier window"));
  EXPECT_THAT(plan->refused[1].reason, HasSubstr("more than 10000000 chips"));
  EXPECT_THAT(plan->refused[2].reason, HasSubstr("this source has 4097 rows"));
}

TEST(PlanUsage, RefusesFilesOfAnotherForm) {
  EXPECT_THAT(std::string(Plan("start,chip,chip_hours\n").status().message()),
              HasSubstr("one of the columns end and length"));
  EXPECT_THAT(std::string(Plan("start,end,chip,chip_hours\n", "").status().message()),
              HasSubstr("column source is missing"));
  EXPECT_THAT(std::string(Plan("start,end,chip,chip_hours,hours\n").status().message()),
              HasSubstr("column \"hours\" is unknown"));
}

}  // namespace
}  // namespace fleetmeter::imports
