#include "daemon/ctl/import/benchmarks_reports.h"

#include "gmock/gmock.h"
#include "imports_testing.h"

namespace fleetmeter::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<ImportBatch> PlanResults(const std::string& text) {
  outcomes::BenchmarkSuite suite;
  suite.name = "test";
  suite.benchmarks = {{.name = "mmlu", .floor = 0.25}, {.name = "gpqa", .floor = 0.25}};
  suite.columns = {{"mmlu", "MMLU"}, {"gpqa", "GPQA"}};
  CsvReader csv = Csv(text);
  return MakeBenchmarksReports(csv, suite, {.source = "evaluations", .columns = {}});
}

TEST(PlanBenchmarks, MakesAReportOfEachResult) {
  const auto plan = PlanResults(
      "model,date,family,benchmark,score,version,source\n"
      "opus,2026-02-05T13:00:00Z,opus,mmlu,0.9,v2,card\n"
      "opus,2026-02-05,opus,mmlu,0.8,,card\n"
      "opus,2026-02-05,opus,mmlu,0.7,v2,card\n"
      "opus,2026-02-05,opus,chess,0.7,v2,card\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->rows, 4);
  ASSERT_EQ(plan->reports.size(), 2u);
  const OutcomeReport& first = Outcome(*plan, 0);
  EXPECT_EQ(first.source, "evaluations");
  EXPECT_EQ(first.window_length_nanos, 0);
  EXPECT_THAT(first.benchmarks, ElementsAre(BenchmarkRow{.model = "opus",
                                                         .family = "opus",
                                                         .benchmark = "mmlu",
                                                         .version = "v2",
                                                         .date_unix_seconds = 1'770'249'600,
                                                         .source = "card",
                                                         .score = 0.9}));
  EXPECT_EQ(Outcome(*plan, 1).benchmarks[0].version, "");
  EXPECT_EQ(plan->reports[1].lines.Text(), "3");
  EXPECT_THAT(Refused(*plan),
              ElementsAre(HasSubstr("4 mmlu: line 2 has a result"), HasSubstr("5 benchmark: is")));
}

TEST(PlanBenchmarks, TakesAModelARow) {
  const auto plan = PlanResults("model,date,MMLU,GPQA\na,2026-01-01,0.5,0.4\nb,,,\n");
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->rows, 2);
  EXPECT_EQ(plan->passed_over, 1);
  ASSERT_EQ(plan->reports.size(), 2u);
  EXPECT_EQ(plan->reports[1].lines.Text(), "2");
}

}  // namespace
}  // namespace fleetmeter::imports
