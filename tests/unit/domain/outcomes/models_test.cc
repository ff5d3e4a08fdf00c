#include "daemon/domain/outcomes/models.h"

#include "gtest/gtest.h"

namespace fleetmeter::outcomes {
namespace {

constexpr int64_t kFirstQuarter = 2025 * 4;

BenchmarkSuite Suite() {
  BenchmarkSuite suite;
  suite.benchmarks = {{.name = "mmlu", .floor = 0.2}, {.name = "gpqa", .floor = 0.2}};
  return suite;
}

TEST(ModelViews, ComparesWithTheModelBeforeOnWhatBothHave) {
  const std::vector<Result> results = {{"opus-1", "mmlu", kFirstQuarter, 0.6, "opus"},
                                       {"opus-1", "gpqa", kFirstQuarter, 0.4, "opus"},
                                       {"haiku-1", "mmlu", kFirstQuarter + 1, 0.9, "haiku"},
                                       {"opus-2", "gpqa", kFirstQuarter + 2, 0.6, "opus"}};
  const auto views = ModelViews(Suite(), results, {{"opus-2", 500}});
  ASSERT_EQ(views.size(), 3u);
  EXPECT_EQ(views[0].model, "opus-1");
  EXPECT_EQ(views[1].predecessor, "");
  EXPECT_EQ(views[1].training_h100e_hours, std::nullopt);
  EXPECT_EQ(views[2].predecessor, "opus-1");
  ASSERT_TRUE(views[2].over_predecessor);
  EXPECT_NEAR(views[2].over_predecessor->before, 0.25, 1e-12);
  EXPECT_NEAR(views[2].over_predecessor->after, 0.5, 1e-12);
  EXPECT_NEAR(*views[2].gain_per_h100e_hour, 0.0005, 1e-12);
}

TEST(ModelViews, HasNoGainWithoutHoursAndNoPredecessorWithoutAFamily) {
  const std::vector<Result> results = {{"a", "mmlu", kFirstQuarter, 0.6, "x"},
                                       {"b", "mmlu", kFirstQuarter + 1, 0.7, "x"},
                                       {"c", "mmlu", kFirstQuarter + 1, 0.8}};
  const auto views = ModelViews(Suite(), results, {{"b", 0}});
  EXPECT_EQ(views[1].predecessor, "a");
  EXPECT_EQ(views[1].gain_per_h100e_hour, std::nullopt);
  EXPECT_EQ(views[2].predecessor, "");
}

TEST(ModelViews, CountsTheBestOfSeveralResults) {
  const std::vector<Result> results = {{"a", "mmlu", kFirstQuarter + 1, 0.6},
                                       {"a", "mmlu", kFirstQuarter, 0.4}};
  const auto views = ModelViews(Suite(), results, {});
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(views[0].quarter, kFirstQuarter);
  EXPECT_NEAR(views[0].index->value, 0.5, 1e-12);
}

}  // namespace
}  // namespace fleetmeter::outcomes
