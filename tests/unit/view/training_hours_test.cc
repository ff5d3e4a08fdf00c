#include "daemon/view/training_hours.h"

#include "gmock/gmock.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr int64_t kDay = 86'400;
constexpr int64_t kNewYear2026 = 1'767'225'600;
constexpr int64_t kFirst = 2026 * 4;  // 2026-Q1
constexpr absl::int128 kOneHour = 3'600'000'000'000;

TEST(QuarterNumber, GoesByTheCalendar) {
  EXPECT_EQ(QuarterNumber(kNewYear2026), kFirst);
  EXPECT_EQ(QuarterNumber(kNewYear2026 - 1), kFirst - 1);
  EXPECT_EQ(QuarterNumber(kNewYear2026 + 90 * kDay), kFirst + 1);
  EXPECT_EQ(outcomes::QuarterName(QuarterNumber(kNewYear2026)), "2026-Q1");
}

TEST(SumTraining, CountsReportedAndMeasuredHours) {
  const std::vector<ReportedTraining> reported = {
      {kNewYear2026, "opus", "claude", "run-1", TrainingPhase::kPre, 7'200},
      {kNewYear2026 - kDay, "opus", "", "run-1", TrainingPhase::kPost, 3'600},
      {kNewYear2026, "opus", "", "run-1", TrainingPhase::kPost, -1'800}};
  const std::vector<MeasuredTraining> measured = {
      {kNewYear2026, "haiku", "run-2", "rl", {.chips = kOneHour}},
      {kNewYear2026, "", "run-3", "pretraining", {.chips = 2 * kOneHour}}};
  const TrainingHours sums = SumTraining(reported, measured, {"rl", "sft"});
  EXPECT_THAT(sums.by_model, ElementsAre(Pair("haiku", 1), Pair("opus", 2.5), Pair("run-3", 2)));
  EXPECT_THAT(sums.by_quarter, ElementsAre(Pair(kFirst - 1, 1), Pair(kFirst, 4.5)));
  EXPECT_THAT(sums.seconds, ElementsAre(Pair(Pair("haiku", TrainingPhase::kPost), 3'600),
                                        Pair(Pair("opus", TrainingPhase::kPre), 7'200),
                                        Pair(Pair("opus", TrainingPhase::kPost), 1'800),
                                        Pair(Pair("run-3", TrainingPhase::kPre), 7'200)));
  EXPECT_THAT(sums.families, ElementsAre(Pair("opus", "claude")));
}

TEST(SumTraining, TakesLessThanNothingForNothing) {
  const TrainingHours sums =
      SumTraining({{kNewYear2026, "opus", "", "run-1", TrainingPhase::kPre, -60}}, {}, {});
  EXPECT_THAT(sums.by_quarter, ElementsAre(Pair(kFirst, 0)));
}

TEST(ResultsUntil, TakesScoresUpToADayAndFamiliesFromTraining) {
  const std::vector<BenchmarkRow> rows = {{"haiku", "own", "mmlu", "", kNewYear2026, "", 0.5},
                                          {"opus", "", "mmlu", "", kNewYear2026, "", 0.7},
                                          {"opus", "", "gpqa", "", kNewYear2026, "", std::nullopt},
                                          {"opus", "", "bbh", "", kNewYear2026 + kDay, "", 0.9}};
  const auto results =
      ResultsUntil(rows, {{"opus", "claude"}, {"haiku", "claude"}}, kNewYear2026 + kDay);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].family, "own");
  EXPECT_EQ(results[1].family, "claude");
  EXPECT_EQ(results[1].score, 0.7);
  EXPECT_EQ(results[1].quarter, kFirst);
}

}  // namespace
}  // namespace fleetmeter
