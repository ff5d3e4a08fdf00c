#include "daemon/domain/outcomes/capability.h"

#include <algorithm>

#include "gmock/gmock.h"

namespace fleetmeter::outcomes {
namespace {

const std::vector<Benchmark> kSuite = {
    {.name = "mmlu", .weight = 1, .floor = 0.25},
    {.name = "gpqa", .weight = 3, .floor = 0.25},
    {.name = "error_rate", .weight = 1, .floor = 1, .ceiling = 0}};

constexpr int64_t kFirst = 2025 * 4;  // 2025-Q1

TEST(Normalized, RunsFromFloorToCeilingWhicheverIsLess) {
  EXPECT_DOUBLE_EQ(Normalized(kSuite[0], 0.25), 0);
  EXPECT_DOUBLE_EQ(Normalized(kSuite[0], 0.1), 0);  // below chance
  EXPECT_DOUBLE_EQ(Normalized(kSuite[0], 0.625), 0.5);
  EXPECT_DOUBLE_EQ(Normalized(kSuite[0], 1.2), 1);
  EXPECT_DOUBLE_EQ(Normalized(kSuite[2], 0.25), 0.75);  // less is better
}

TEST(CapabilityIndex, SaysWhatItRestsOnAndWhatIsMissing) {
  const auto index = CapabilityIndex(kSuite, {{"mmlu", 0.625}, {"gpqa", 0.4}, {"other", 1}});
  ASSERT_TRUE(index);
  EXPECT_DOUBLE_EQ(index->value, (0.5 * 1 + 0.2 * 3) / 4);
  EXPECT_EQ(index->rests_on, (std::vector<std::string>{"mmlu", "gpqa"}));
  EXPECT_EQ(index->missing, (std::vector<std::string>{"error_rate"}));
}

TEST(CapabilityIndex, IsNothingWithoutScores) {
  EXPECT_FALSE(CapabilityIndex(kSuite, {}));
  EXPECT_FALSE(CapabilityIndex(kSuite, {{"mmlu", 0.6}}, {"mmlu"}));
}

TEST(Compare, UsesTheBenchmarksThatBothHave) {
  // The newer model has no score on the benchmark that the older one is best at.
  const auto comparison = Compare(kSuite, {{"mmlu", 0.9}, {"gpqa", 0.4}}, {{"gpqa", 0.55}});
  ASSERT_TRUE(comparison);
  EXPECT_NEAR(comparison->before, 0.2, 1e-12);
  EXPECT_NEAR(comparison->after, 0.4, 1e-12);
  EXPECT_EQ(comparison->rests_on, (std::vector<std::string>{"gpqa"}));
  EXPECT_FALSE(Compare(kSuite, {{"mmlu", 0.9}}, {{"gpqa", 0.55}}));
}

TEST(QuarterName, CountsFromTheFirstQuarterOfAYear) {
  EXPECT_EQ(QuarterName(kFirst), "2025-Q1");
  EXPECT_EQ(QuarterName(kFirst + 3), "2025-Q4");
  EXPECT_EQ(QuarterName(kFirst + 4), "2026-Q1");
}

TEST(Saturation, IsHighOrFlat) {
  const SaturationRule rule;
  const std::vector<Result> results = {
      {"a", "mmlu", kFirst, 0.70},      {"b", "mmlu", kFirst + 4, 0.94},
      {"a", "gpqa", kFirst, 0.65},      {"b", "gpqa", kFirst + 4, 0.66},
      {"a", "error_rate", kFirst, 0.9}, {"b", "error_rate", kFirst + 4, 0.9}};
  const auto early = SaturationAt(kSuite, results, kFirst, rule);
  EXPECT_FALSE(early.at("mmlu").saturated());
  EXPECT_EQ(early.at("mmlu").gain_part, std::nullopt);  // not known for long enough
  const auto late = SaturationAt(kSuite, results, kFirst + 4, rule);
  EXPECT_TRUE(late.at("mmlu").high);
  EXPECT_FALSE(late.at("mmlu").flat);
  EXPECT_FALSE(late.at("gpqa").high);
  EXPECT_TRUE(late.at("gpqa").flat);
  EXPECT_NEAR(*late.at("gpqa").gain_part, 0.01 / 0.35, 1e-12);
  EXPECT_FALSE(late.at("error_rate").flat);  // there is much left to gain
  EXPECT_FALSE(SaturationAt(kSuite, results, kFirst - 1, rule).contains("mmlu"));
}

TEST(Saturation, IsNotFlatWhereNobodyHasTried) {
  const std::vector<Result> results = {{"a", "mmlu", kFirst, 0.30}};
  const auto later = SaturationAt(kSuite, results, kFirst + 8, SaturationRule{});
  EXPECT_EQ(later.at("mmlu").gain_part, std::nullopt);
  EXPECT_FALSE(later.at("mmlu").saturated());
}

// gpqa rises in every quarter while ever more is trained for it.
std::vector<Result> Rising() {
  return {{"a", "gpqa", kFirst, 0.25},
          {"b", "gpqa", kFirst + 1, 0.40},
          {"c", "gpqa", kFirst + 2, 0.55},
          {"d", "gpqa", kFirst + 3, 0.70},
          {"e", "gpqa", kFirst + 4, 0.80}};
}

TEST(FrontierByQuarter, GivesGainPerHourOfTraining) {
  const auto views = FrontierByQuarter(kSuite, Rising(), {{kFirst + 1, 100}, {kFirst + 2, 400}},
                                       kFirst + 2, SaturationRule{});
  ASSERT_EQ(views.size(), 3u);
  EXPECT_EQ(views[0].gain, std::nullopt);  // nothing before it
  EXPECT_NEAR(*views[1].gain, 0.2, 1e-12);
  EXPECT_NEAR(*views[1].gain_per_h100e_hour, 0.002, 1e-12);
  EXPECT_NEAR(*views[2].gain_per_h100e_hour, 0.0005, 1e-12);
}

TEST(FrontierByQuarter, HasNoFigureForAQuarterInWhichNobodyMeasured) {
  std::vector<Result> results = Rising();
  const int64_t silent =
      std::max_element(results.begin(), results.end(),
                       [](const Result& a, const Result& b) { return a.quarter < b.quarter; })
          ->quarter +
      1;
  const auto views = FrontierByQuarter(kSuite, results, {{silent - 1, 10}, {silent, 10}}, silent,
                                       SaturationRule{});
  EXPECT_FALSE(views.back().rests_on.empty());
  EXPECT_EQ(views.back().gain, std::nullopt) << "not 0: nobody has tried";
  const DeclineVerdict verdict = JudgeDecline(views, 1);
  EXPECT_EQ(verdict.verdict, Verdict::kCannotTell);
  EXPECT_THAT(verdict.why, testing::HasSubstr("is on a benchmark that counts"));
}

TEST(FrontierByQuarter, HasNoFigureForAQuarterWithoutTraining) {
  const auto views =
      FrontierByQuarter(kSuite, Rising(), {{kFirst + 1, 0}}, kFirst + 1, SaturationRule{});
  EXPECT_TRUE(views[1].gain.has_value());
  EXPECT_EQ(views[1].training_h100e_hours, std::nullopt);
  EXPECT_EQ(views[1].gain_per_h100e_hour, std::nullopt);
}

TEST(FrontierByQuarter, LeavesOutWhatWasSaturatedBefore) {
  std::vector<Result> results = Rising();
  results.push_back({"a", "mmlu", kFirst, 0.95});
  const auto views = FrontierByQuarter(kSuite, results, {}, kFirst + 1, SaturationRule{});
  EXPECT_EQ(views[1].rests_on, (std::vector<std::string>{"gpqa"}));
  EXPECT_EQ(views[1].saturated, (std::vector<std::string>{"mmlu"}));
}

TEST(JudgeDecline, IsDueAfterConsecutiveDeclines) {
  const std::map<int64_t, double> hours = {
      {kFirst + 1, 100}, {kFirst + 2, 200}, {kFirst + 3, 400}, {kFirst + 4, 800}};
  const auto views = FrontierByQuarter(kSuite, Rising(), hours, kFirst + 4, SaturationRule{});
  const DeclineVerdict verdict = JudgeDecline(views, 2);
  EXPECT_EQ(verdict.verdict, Verdict::kReviewDue);
  EXPECT_EQ(verdict.declining_quarters, 3);
  EXPECT_EQ(verdict.why,
            "3 consecutive quarters brought less capability an H100e-hour of training than the one "
            "before: 2025-Q2 0.002, 2025-Q3 0.001, 2025-Q4 0.0005, 2026-Q1 0.000167");
  EXPECT_EQ(JudgeDecline(views, 4).verdict, Verdict::kFine);
}

TEST(JudgeDecline, EndsTheRunAtAQuarterWithoutAFigure) {
  const std::map<int64_t, double> hours = {{kFirst + 1, 100}, {kFirst + 3, 400}, {kFirst + 4, 800}};
  const auto views = FrontierByQuarter(kSuite, Rising(), hours, kFirst + 4, SaturationRule{});
  EXPECT_EQ(JudgeDecline(views, 2).declining_quarters, 1);
  EXPECT_EQ(JudgeDecline(views, 2).verdict, Verdict::kFine);
}

TEST(JudgeDecline, SaysWhenItCannotTell) {
  EXPECT_EQ(JudgeDecline({}, 2).verdict, Verdict::kCannotTell);
  const std::vector<Result> solved = {{"a", "mmlu", kFirst, 0.97}, {"b", "mmlu", kFirst + 1, 0.98}};
  const auto saturated =
      FrontierByQuarter(kSuite, solved, {{kFirst + 1, 10}}, kFirst + 1, SaturationRule{});
  const DeclineVerdict verdict = JudgeDecline(saturated, 2);
  EXPECT_EQ(verdict.verdict, Verdict::kCannotTell);
  EXPECT_EQ(verdict.why, "every benchmark with earlier results is saturated in 2025-Q2");
  const auto untrained =
      FrontierByQuarter(kSuite, Rising(), {{kFirst + 1, 10}}, kFirst + 2, SaturationRule{});
  EXPECT_EQ(JudgeDecline(untrained, 2).why, "nothing is known to have trained in 2025-Q3");
}

}  // namespace
}  // namespace fleetmeter::outcomes
