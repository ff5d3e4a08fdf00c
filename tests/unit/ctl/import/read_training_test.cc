#include "daemon/ctl/import/read_training.h"

#include <map>

#include "daemon/ctl/import/training_reports.h"
#include "gmock/gmock.h"

namespace fleetmeter::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kNewYearsDay = 1'767'225'600;

CsvReader RunsCsv(const std::string& text) { return *CsvReader::FromText("t.csv", text); }

TEST(ReadTraining, MakesHoursOfFlopByTheFrameworksRule) {
  framework::Training rule;
  rule.peak_flops = 990e12;
  rule.mfu = 0.5;
  const std::string text =
      "model,date,flop\nopus-4,2025-05-22,1.5e26\nx,2025-05-22,\ny,2025-05-22,-1\n";
  CsvReader csv = RunsCsv(text);
  const auto rows = ReadTraining(csv, {}, "flop", rule);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->rows.size(), 1u);
  EXPECT_NEAR(rows->rows[0].h100e_hours, 84'175'084, 0.5);
  EXPECT_EQ(rows->refused.size(), 1u);
  CsvReader huge = RunsCsv("model,date,h100e_hours\nx,2025-05-22,1e300\n");
  EXPECT_THAT(ReadTraining(huge, {}, "flop", rule)->refused[0].reason,
              HasSubstr("expected 0 to 1e15 H100e-hours"));
  EXPECT_THAT(HoursByQuarter(rows->rows), ElementsAre(testing::Pair(2025 * 4 + 1, testing::_)));

  CsvReader without = RunsCsv(text);
  const auto no_rule = ReadTraining(without, {}, "flop", std::nullopt);
  ASSERT_TRUE(no_rule.ok());
  EXPECT_THAT(no_rule->refused[0].reason, HasSubstr("expected h100e_hours, or a framework"));
}

// 100 hours of 20 days, of which 5 lie in the next quarter; an import cuts the same run alike.
TEST(ReadTraining, ARunOverTwoQuartersCountsForBothByTime) {
  const std::string text =
      "model,start,end,h100e_hours\n"
      "a,2026-03-17,2026-04-06,100\n"
      "e,2026-03-31T23:00:00Z,2026-04-01T02:00:00Z,0.001\n"
      "b,2026-03-31,,7\n"
      "c,2026-03-31,2026-03-30,7\n"
      "d,2026-03-31,2027-04-30,7\n";
  CsvReader csv = RunsCsv(text);
  const auto rows = ReadTraining(csv, {}, "flop", std::nullopt);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->rows.size(), 3u);
  ASSERT_EQ(rows->refused.size(), 2u);
  EXPECT_THAT(rows->refused[0].reason, HasSubstr("expected a time after the row's start"));
  EXPECT_THAT(rows->refused[1].reason, HasSubstr("at most 366 days"));
  const auto quarters = HoursByQuarter(rows->rows);
  ASSERT_EQ(quarters.size(), 2u);
  EXPECT_DOUBLE_EQ(quarters.at(2026 * 4), 75 + 7 + 1.0 / 3'600) << "1 of 4 seconds, rounded down";
  EXPECT_DOUBLE_EQ(quarters.at(2026 * 4 + 1), 25 + 3.0 / 3'600);
  EXPECT_DOUBLE_EQ(HoursByModel(rows->rows, 2026 * 4).at("a"), 75);
  EXPECT_DOUBLE_EQ(HoursByModel(rows->rows, 2026 * 4 + 1).at("a"), 100);
  // The reports that an import makes of the file.
  CsvReader again = RunsCsv(text);
  const auto batch = MakeTrainingReports(again, TrainingRules());
  ASSERT_TRUE(batch.ok());
  std::map<int64_t, int64_t> seconds;
  for (const ImportReport& report : batch->reports) {
    const auto& outcome = std::get<OutcomeReport>(report.report);
    ASSERT_EQ(outcome.training.size(), 1u);
    seconds[QuarterAt(outcome.window_start_unix_nanos / kSecond)] +=
        outcome.training[0].h100e_seconds;
  }
  EXPECT_EQ(seconds.size(), 2u);
  for (const auto& [quarter, of_quarter] : seconds) {
    EXPECT_DOUBLE_EQ(quarters.at(quarter), static_cast<double>(of_quarter) / 3'600) << quarter;
  }
}

TEST(QuarterAt, FollowsTheCalendar) {
  EXPECT_EQ(QuarterAt(kNewYearsDay), 2026 * 4);
  EXPECT_EQ(QuarterAt(kNewYearsDay - 1), 2025 * 4 + 3);
}

}  // namespace
}  // namespace fleetmeter::imports
