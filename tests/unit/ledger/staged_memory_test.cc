// What the ledger remembers of its file goes with the transaction that wrote it.
#include "daemon/ledger/sqlite/staged_ids.h"
#include "daemon/ledger/workload_budget.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

// The id that is found, or -1 when it has to be made.
int64_t Find(StagedIds& ids, const std::string& key) {
  return ids.FindOrStage(key, [] { return absl::StatusOr<int64_t>(absl::NotFoundError("")); })
      .value_or(-1);
}

void Stage(StagedIds& ids, const std::string& key, int64_t id) {
  ASSERT_TRUE(ids.FindOrStage(key, [&] { return absl::StatusOr<int64_t>(id); }).ok());
}

TEST(StagedIds, KeepWhatIsCommittedAndForgetWhatIsRolledBack) {
  StagedIds ids;
  ids.Learn("from the file", 1);
  Stage(ids, "committed", 2);
  EXPECT_EQ(Find(ids, "committed"), 2) << "seen while it is staged";
  ids.Commit();
  Stage(ids, "rolled back", 3);
  ids.Rollback();
  EXPECT_EQ(Find(ids, "from the file"), 1);
  EXPECT_EQ(Find(ids, "committed"), 2);
  EXPECT_EQ(Find(ids, "rolled back"), -1);
}

TEST(StagedIds, ARollbackWithNothingStagedForgetsNothing) {
  StagedIds ids;
  Stage(ids, "committed", 2);
  ids.Commit();
  ids.Rollback();
  EXPECT_EQ(Find(ids, "committed"), 2);
}

TEST(WorkloadBudget, GivesAPlaceBackThatIsRolledBack) {
  using Answer = WorkloadBudget::Answer;
  constexpr int64_t kHour = 3600;
  WorkloadBudget budget(/*workloads_per_pool=*/2);
  budget.StartHour(kHour);
  EXPECT_EQ(budget.Stage(kHour, "pool", 1), Answer::kNew);
  budget.Commit();
  EXPECT_EQ(budget.Stage(kHour, "pool", 2), Answer::kNew);
  EXPECT_EQ(budget.Stage(kHour, "pool", 3), Answer::kFull);
  budget.Rollback();
  EXPECT_EQ(budget.Stage(kHour, "pool", 1), Answer::kKnown);
  EXPECT_EQ(budget.Stage(kHour, "pool", 3), Answer::kNew);
}

}  // namespace
}  // namespace fleetmeter
