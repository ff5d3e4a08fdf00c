// What becomes of chip-time, by what it served, in the ledger's tables; and of history.
#include <fmt/format.h>

#include "daemon/ledger/sqlite/model_usage_tables.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/sqlite/outcome_books_fixture.h"

namespace fleetmeter {
namespace {

using testing::IsEmpty;

class ModelUsageBooksTest : public OutcomeBooksTest {};

TEST_F(ModelUsageBooksTest, ChipTimeOfAModelIsCutAtMidnight) {
  UsageGroup group = MakeGroup("serving", "t", 1'001);
  group.model = "opus";
  // A third of the window lies before midnight.
  ASSERT_TRUE(Commit(Used(kMidnight - kHour, 3 * kHour, {group},
                          {.category = "inference", .micro_usd_per_chip_hour = 2'000'000}),
                     kMidnight + 5 * kDay)
                  .ok());
  const auto chips = [&](int64_t day) {
    return Integer(fmt::format(
        "SELECT chips_ns FROM model_usage WHERE model = 'opus' AND pool = 'serving' AND workload = "
        "'' AND micro_usd_per_chip_hour = 2000000 AND day_start = {} AND booked_day_start = {}",
        day, kSecondDay + 5 * kSecondsPerDay));
  };
  EXPECT_EQ(chips(kFirstDay), 333);
  EXPECT_EQ(chips(kSecondDay), 668);
  EXPECT_EQ(Integer("SELECT chips_ns FROM model_usage_totals"), 1'001);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(ModelUsageBooksTest, ChipTimeIsBookedByWhatItServed) {
  UsageGroup named = MakeGroup("serving", "t", 1);
  named.model = "opus";
  named.workload = "job";  // the model says enough
  UsageGroup unnamed = MakeGroup("serving", "t", 10);
  unnamed.workload = "job";
  UsageGroup unhealthy = MakeGroup("serving", "t", 100);
  unhealthy.state = ChipState::kUnhealthy;
  ASSERT_TRUE(
      Commit(Used(kLedgerStart, kHour, {named, unnamed, unhealthy}, kServing), kLedgerStart).ok());
  UsageGroup run = MakeGroup("training", "t", 1'000);
  run.run = "run-1";
  run.workload = "job";
  run.workload_type = "pretrain";
  const UsageGroup neither = MakeGroup("training", "t", 10'000);
  ASSERT_TRUE(Commit(Used(kLedgerStart, kHour, {run, neither}, kTraining), kLedgerStart).ok());
  EXPECT_EQ(Integer("SELECT chips_ns FROM model_usage WHERE model = 'opus' AND workload = '' AND "
                    "micro_usd_per_chip_hour IS NULL"),
            1);
  EXPECT_EQ(Integer("SELECT chips_ns FROM model_usage WHERE model = '' AND workload = 'job'"), 10);
  EXPECT_EQ(
      Integer("SELECT chips_ns FROM model_usage WHERE category = 'training' AND run = 'run-1' "
              "AND workload = '' AND workload_type = 'pretrain'"),
      1'000);
  EXPECT_EQ(Integer("SELECT sum(chips_ns) FROM model_usage"), 1'011);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(ModelUsageBooksTest, NamesBeyondAPoolsDayShareARowAndLoseNoTime) {
  options_.workloads_per_pool = 3;
  Reopen();
  int64_t run_nanos = 0;
  for (int i = 0; i < 6; ++i) {
    if (i == 4) Reopen();  // the budget is the file's, not the process's
    UsageGroup model = MakeGroup("serving", "t", 100 + i);
    model.model = fmt::format("model-{}", i);
    UsageGroup run = MakeGroup("training", "t", 10'000 + i);
    run.run = fmt::format("run-{}", i);
    run.workload_type = "rl";
    ASSERT_TRUE(Commit(Used(kLedgerStart, kHour, {model}, kServing), kLedgerStart).ok());
    ASSERT_TRUE(Commit(Used(kLedgerStart, kHour, {run}, kTraining), kLedgerStart).ok());
    if (i >= 3) run_nanos += run.chip_nanos;
  }
  EXPECT_EQ(Integer("SELECT count(*) FROM model_usage"), 8);
  EXPECT_EQ(Integer("SELECT chips_ns FROM model_usage WHERE model = '' AND pool = 'serving'"),
            103 + 104 + 105);
  EXPECT_EQ(Integer("SELECT chips_ns FROM model_usage WHERE run = 'overflow' AND model = '' AND "
                    "workload_type = ''"),
            run_nanos);
  // Another day has a budget of its own.
  UsageGroup next = MakeGroup("serving", "t", 7);
  next.model = "model-5";
  ASSERT_TRUE(Commit(Used(kMidnight, kHour, {next}, kServing), kMidnight).ok());
  EXPECT_EQ(Integer("SELECT chips_ns FROM model_usage WHERE model = 'model-5'"), 7);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(ModelUsageBooksTest, WorkloadsWithoutAModelAreToldApartUpToALimit) {
  const int64_t most = ModelUsageTables::kMostWorkloads;
  std::vector<UsageGroup> groups;
  for (int64_t i = 0; i < most + 5; ++i) {
    groups.push_back(MakeGroup(fmt::format("pool-{}", i % 2), "t", 1));
    groups.back().workload = fmt::format("job-{}", i);
  }
  ASSERT_TRUE(Commit(Used(kLedgerStart, kHour, groups, kServing), kLedgerStart).ok());
  EXPECT_EQ(Integer("SELECT count(*) FROM model_usage WHERE workload <> ''"), most);
  EXPECT_EQ(Integer("SELECT sum(chips_ns) FROM model_usage WHERE workload = ''"), 5);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(ModelUsageBooksTest, HistoryIsNeverForgottenAndHoldsNothing) {
  // Less than a micro-chip: a source that holds chips is not forgotten either.
  LedgerEntry live = Used(kLedgerStart, kHour, {MakeGroup("p", "t", 100)}, {});
  LedgerEntry old = Used(kLedgerStart, kHour, {MakeGroup("p", "t", 1'000'000'000)}, {});
  old.history = true;
  old.report.source = "history";
  ASSERT_TRUE(Commit(live, kLedgerStart).ok());
  ASSERT_TRUE(Commit(old, kLedgerStart).ok());
  Reopen();
  ASSERT_EQ(books_.sources.size(), 2U);
  EXPECT_FALSE(books_.sources[0].history);
  EXPECT_EQ(books_.sources[0].holdings.size(), 1U);
  EXPECT_TRUE(books_.sources[1].history);
  EXPECT_THAT(books_.sources[1].holdings, IsEmpty());
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(ledger_->Maintain(kLedgerStart + 1'000 * kDay).ok());
  }
  EXPECT_EQ(Text("SELECT source FROM sources"), "history");
  EXPECT_EQ(Integer("SELECT count(*) FROM sources"), 1);
  Reopen();
  ASSERT_EQ(books_.sources.size(), 1U);
  EXPECT_EQ(books_.sources[0].windows, old.windows);
  EXPECT_THAT(Findings(), IsEmpty());
}

}  // namespace
}  // namespace fleetmeter
