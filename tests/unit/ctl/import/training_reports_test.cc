#include "daemon/ctl/import/training_reports.h"

#include "gmock/gmock.h"
#include "imports_testing.h"

namespace fleetmeter::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<ImportBatch> PlanRuns(const std::string& text, TrainingRules rules = {}) {
  CsvReader csv = Csv(text);
  rules.source = "platform";
  return MakeTrainingReports(csv, rules);
}

TEST(PlanTraining, MakesAReportOfEachRunPhaseAndWindow) {
  const auto plan = PlanRuns(
      "model,date,end,h100e_hours,family,run,phase,notes\n"
      "opus,2026-01-01,2026-02-01,1000.25,opus,opus-a,pre,x\n"
      "opus,2026-01-01T08:00:00Z,,2,opus,opus-a,post,\n"
      "opus,2026-01-01,,3,opus,opus-a,post,\n"
      "haiku,2026-01-15,,4.12e3,,,,\n"
      "other,,,,,,,\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(Refused(*plan), ElementsAre());
  EXPECT_EQ(plan->passed_over, 1);
  ASSERT_EQ(plan->reports.size(), 3u);
  const OutcomeReport& post = Outcome(*plan, 0);
  EXPECT_EQ(post.source, "platform/opus-a/post");
  EXPECT_EQ(post.window_start_unix_nanos, kNewYear2026);  // without an end: the day
  EXPECT_EQ(post.window_length_nanos, kDay);
  ASSERT_EQ(post.training.size(), 1u);
  EXPECT_EQ(post.training[0].h100e_seconds, 5 * 3'600);
  EXPECT_EQ(post.training[0].phase, TrainingPhase::kPost);
  EXPECT_EQ(plan->reports[0].lines.Text(), "3-4");
  const OutcomeReport& pre = Outcome(*plan, 1);
  EXPECT_EQ(pre.source, "platform/opus-a/pre");
  EXPECT_EQ(pre.window_length_nanos, 31 * kDay);
  EXPECT_EQ(pre.training[0].h100e_seconds, 3'600'900);
  EXPECT_EQ(pre.training[0].family, "opus");
  EXPECT_EQ(Outcome(*plan, 2).training[0].run, "haiku");
  EXPECT_EQ(Outcome(*plan, 2).training[0].h100e_seconds, 4'120 * 3'600);
}

// Hours count where their report starts.
TEST(PlanTraining, CutsARunWhereQuartersBegin) {
  const auto plan = PlanRuns(
      "model,date,end,h100e_hours\n"
      "x,2026-01-01,2026-10-01,273\n"
      "y,2026-03-31T12:00:00Z,2026-04-01T12:00:00Z,0.0025\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::map<std::string, std::vector<int64_t>> seconds;
  int64_t rows = 0;
  for (const ImportReport& planned : plan->reports) {
    const OutcomeReport& report = std::get<OutcomeReport>(planned.report);
    seconds[report.training[0].run].push_back(report.training[0].h100e_seconds);
    EXPECT_EQ(planned.lines.count(), 1);
    rows += planned.rows();
  }
  EXPECT_EQ(rows, 2);
  EXPECT_THAT(seconds["x"], ElementsAre(90 * 3'600, 91 * 3'600, 92 * 3'600));
  EXPECT_THAT(seconds["y"], ElementsAre(4, 5)) << "9 s, cut in the middle";
}

TEST(PlanTraining, MakesHoursOfFlopByTheFrameworksRule) {
  framework::Training rule;
  rule.peak_flops = 990e12;
  rule.mfu = 0.5;
  const std::string text = "System,Date,FLOP\nopus-4,2025-05-22,1.5e26\nx,2025-05-22,-1\n";
  TrainingRules rules;
  rules.columns = {.model = "System", .date = "Date", .family = "family"};
  rules.flop_column = "FLOP";
  EXPECT_THAT(Refused(*PlanRuns(text, rules)),
              ElementsAre(HasSubstr("or --framework FILE"), HasSubstr("or --framework FILE")));
  rules.rule = rule;
  const auto plan = PlanRuns(text, rules);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->reports.size(), 1u);
  // 1.5e26 / (990e12 x 0.5) seconds.
  EXPECT_EQ(Outcome(*plan, 0).training[0].h100e_seconds, 303'030'303'030);
  EXPECT_THAT(Refused(*plan), ElementsAre(HasSubstr("3 FLOP: is \"-1\"; expected 0 to 10^15")));
}

TEST(PlanTraining, RefusesWhatContradictsOtherRows) {
  const auto plan = PlanRuns(
      "model,start,end,h100e_hours,run,phase\n"
      "a,2026-01-01,2026-01-10,1,r,pre\n"
      "b,2026-01-01,2026-01-10,1,r,pre\n"
      "a,2026-01-05,2026-01-12,1,r,pre\n"
      "a,2026-01-05,2026-01-12,1,s,middle\n"
      "a,2026-01-05,2027-02-12,1,s,pre\n"
      "a,2026-01-05,2026-01-12,1e30,s,pre\n"
      "a,2026-01-05,2026-01-12,1," +
      std::string(128, 'x') + ",pre\n");
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->reports.size(), 1u);
  EXPECT_THAT(Refused(*plan),
              ElementsAre(HasSubstr("3 start: is \"2026-01-01\"; line 2 has another end, model"),
                          HasSubstr("4 start: lies within an earlier window"),
                          HasSubstr("5 phase: is \"middle\"; expected pre or post"),
                          HasSubstr("6 end: is \"2027-02-12\"; expected a time at most 366"),
                          HasSubstr("7 h100e_hours: is \"1e30\"; expected 0 to 10^15"),
                          HasSubstr("expected that SOURCE/RUN/PHASE has at most 128 bytes")));
}

TEST(PlanTraining, RefusesAFileWithoutHours) {
  EXPECT_THAT(std::string(PlanRuns("model,date\n").status().message()),
              HasSubstr("neither column h100e_hours nor column \"flop\""));
}

}  // namespace
}  // namespace fleetmeter::imports
