#include "daemon/domain/reference_data.h"

#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

Plan From(int64_t nanos, uint32_t version) {
  Plan plan;
  plan.version = version;
  plan.effective_from_unix_nanos = nanos;
  return plan;
}

TEST(ReferenceData, UsesTheLatestPlanWhoseTimeHasCome) {
  const ReferenceData model{.catalog = {}, .plans = {From(100, 1), From(200, 2), From(300, 3)}};
  EXPECT_EQ(model.PlanAt(100).version, 1u);
  EXPECT_EQ(model.PlanAt(199).version, 1u);
  EXPECT_EQ(model.PlanAt(200).version, 2u);
  EXPECT_EQ(model.PlanAt(1'000).version, 3u);
}

TEST(ReferenceData, UsesTheFirstPlanBeforeItsTime) {
  const ReferenceData model{.catalog = {}, .plans = {From(100, 1), From(200, 2)}};
  EXPECT_EQ(model.PlanAt(99).version, 1u);
  EXPECT_EQ(model.PlanAt(INT64_MIN).version, 1u);
}

}  // namespace
}  // namespace fleetmeter
