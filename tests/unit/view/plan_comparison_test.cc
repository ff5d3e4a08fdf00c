// The plan beside what is measured: shares, buffer, P0's guarantee.
#include "daemon/view/plan_comparison.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/unit/view/plan_fleet.h"

namespace fleetmeter {
namespace {

using testing::DoubleNear;
using testing::Optional;

constexpr double kExact = 1e-9;

class PlanComparisonTest : public PlanFleet {
 protected:
  // 300 H100e, all heard: serve 60, train 60, lab 30, safe 10; 10 unhealthy, 6 reserved, 124 free.
  void HoldEverything(int64_t window = 0) {
    Hold("a", {Assigned("half", 120, "serve", 0.5), Assigned("half", 60, "lab", 1)}, window);
    Hold("b", {Assigned("triple", 20, "train", 1)}, window);
    Hold("c", {Assigned("half", 20, "safe", 1)}, window);
    Hold("d",
         {Free("half", 20, ChipState::kUnhealthy), Free("triple", 2, ChipState::kReserved, "train"),
          Free("half", 80, ChipState::kUnassigned), Free("triple", 28, ChipState::kUnassigned)},
         window);
  }

  static double SumOfCategories(const PlanComparison& c) {
    double sum = *c.unassigned_share + *c.unavailable_share + *c.unplanned_share;
    for (const auto& [category, row] : c.categories) sum += row.actual_share.value_or(0);
    return sum;
  }

  static double SumOfConsumers(const PlanComparison& c) {
    double sum = 0;
    for (const Buffer::Consumer& consumer : c.buffer.consumers) sum += consumer.h100e;
    return sum;
  }
};

void ExpectNothingMeasured(const PlanComparison& c) {
  for (const auto& [tier, row] : c.tiers) EXPECT_EQ(row.actual_share, std::nullopt) << Name(tier);
  for (const auto& [category, row] : c.categories) {
    EXPECT_EQ(row.actual_share, std::nullopt) << Name(category);
    EXPECT_EQ(row.actual_h100e, std::nullopt) << Name(category);
    EXPECT_EQ(row.drift, std::nullopt) << Name(category);
  }
  EXPECT_EQ(c.unassigned_share, std::nullopt);
  EXPECT_EQ(c.unavailable_share, std::nullopt);
  EXPECT_EQ(c.unplanned_share, std::nullopt);
  EXPECT_EQ(c.buffer.consumed_h100e, std::nullopt);
  EXPECT_TRUE(c.buffer.consumers.empty());
  EXPECT_EQ(c.p0_shortfall_h100e, std::nullopt);
  EXPECT_EQ(c.inference_utilization, std::nullopt);
}

TEST_F(PlanComparisonTest, ShowsThePlanWhileNothingIsHeard) {
  const PlanComparison c = Compare();
  ExpectNothingMeasured(c);
  EXPECT_EQ(c.tiers.size(), kTiers.size());
  EXPECT_EQ(c.categories.size(), kCategories.size());
  EXPECT_DOUBLE_EQ(c.categories.at(Category::kResearch).planned_share, 0.15);
  EXPECT_DOUBLE_EQ(c.categories.at(Category::kResearch).planned_h100e, 45);
  EXPECT_DOUBLE_EQ(c.tiers.at(Tier::kP0).planned_h100e, 30);
  EXPECT_DOUBLE_EQ(c.buffer.planned_h100e, 45);
}

TEST_F(PlanComparisonTest, AnActualShareIsOfEverythingThatIsHeard) {
  HoldEverything();
  const PlanComparison c = Compare();
  EXPECT_DOUBLE_EQ(c.heard_h100e, 300);
  EXPECT_THAT(c.categories.at(Category::kInference).actual_share, Optional(60 / 300.0));
  EXPECT_THAT(c.categories.at(Category::kInference).actual_h100e, Optional(60.0));
  EXPECT_THAT(c.categories.at(Category::kSafety).actual_share, Optional(10 / 300.0));
  EXPECT_THAT(c.tiers.at(Tier::kP2).actual_share, Optional(90 / 300.0)) << "serve and lab";
  EXPECT_THAT(c.tiers.at(Tier::kBuffer).actual_share, testing::Eq(std::nullopt));
  EXPECT_THAT(c.unassigned_share, Optional(124 / 300.0));
  EXPECT_THAT(c.unavailable_share, Optional(16 / 300.0));
  EXPECT_THAT(c.unplanned_share, Optional(0.0));
  EXPECT_NEAR(SumOfCategories(c), 1, kExact);
}

TEST_F(PlanComparisonTest, DriftIsActualLessPlanned) {
  HoldEverything();
  const PlanComparison c = Compare();
  EXPECT_THAT(c.categories.at(Category::kInference).drift, Optional(DoubleNear(-0.1, kExact)));
  EXPECT_THAT(c.categories.at(Category::kResearch).drift, Optional(DoubleNear(-0.05, kExact)));
  EXPECT_THAT(c.tiers.at(Tier::kP1).drift, Optional(DoubleNear(-0.1, kExact)));
  Hold("a", {Assigned("half", 220, "serve", 1)}, 1);
  EXPECT_GT(*Compare().categories.at(Category::kInference).drift, 0);
}

TEST_F(PlanComparisonTest, ACategoryThatThePlanDoesNotNameIsPlannedWithNothing) {
  Plan& plan = reference_->plans[0];
  plan.category_shares.erase(Category::kSafety);
  std::erase_if(plan.pools, [](const Pool& pool) { return pool.name == "safe"; });
  HoldEverything();
  const PlanShare safety = Compare().categories.at(Category::kSafety);
  EXPECT_EQ(safety.planned_share, 0);
  EXPECT_THAT(safety.actual_share, Optional(0.0));
}

TEST_F(PlanComparisonTest, SaysNothingOfTheFleetWhileTooLittleIsHeard) {
  HoldEverything();
  Hold("b", {Assigned("triple", 20, "train", 1)}, 5);
  Hold("c", {Assigned("half", 20, "safe", 1)}, 5);
  const PlanComparison c = Compare();
  ASSERT_LT(*c.coverage, 0.9);
  ExpectNothingMeasured(c);
  EXPECT_DOUBLE_EQ(c.categories.at(Category::kTraining).planned_share, 0.3);
}

TEST_F(PlanComparisonTest, ACategoryWhoseHostsAreSilentHasNotDrifted) {
  HoldEverything();
  Hold("a", {Assigned("half", 120, "serve", 0.5), Assigned("half", 60, "lab", 1)}, 5);
  Hold("b", {Assigned("triple", 20, "train", 1)}, 5);
  Hold("d",
       {Free("half", 20, ChipState::kUnhealthy), Free("triple", 2, ChipState::kReserved, "train"),
        Free("half", 80, ChipState::kUnassigned), Free("triple", 28, ChipState::kUnassigned)},
       5);
  const PlanComparison c = Compare();
  ASSERT_GE(*c.coverage, 0.9);
  EXPECT_THAT(c.categories.at(Category::kSafety).coverage, Optional(0.0));
  EXPECT_EQ(c.categories.at(Category::kSafety).actual_share, std::nullopt);
  EXPECT_EQ(c.categories.at(Category::kSafety).drift, std::nullopt);
  EXPECT_EQ(c.tiers.at(Tier::kP0).actual_share, std::nullopt);
  EXPECT_TRUE(c.categories.at(Category::kTraining).drift.has_value());
  EXPECT_THAT(c.p0_shortfall_h100e, Optional(0.0));
}

TEST_F(PlanComparisonTest, WhatPoolsOutsideThePlanHoldIsARowOfItsOwn) {
  HoldEverything();
  auto changed = std::make_shared<ReferenceData>(*reference_);
  std::erase_if(changed->plans[0].pools, [](const Pool& pool) { return pool.name == "lab"; });
  changed->plans[0].pool_index.clear();
  reference_ = changed;
  const PlanComparison c = Compare();
  EXPECT_THAT(c.unplanned_share, Optional(30 / 300.0));
  EXPECT_THAT(c.categories.at(Category::kResearch).actual_share, Optional(0.0));
  EXPECT_NEAR(SumOfCategories(c), 1, kExact);
}

TEST_F(PlanComparisonTest, APlanWithoutSupplyHasNoSharesOfNothing) {
  Plan& plan = reference_->plans[0];
  plan.supply.clear();
  plan.supply_h100e = 0;
  ExpectNothingMeasured(Compare());
  EXPECT_EQ(Compare().coverage, std::nullopt);
  HoldEverything();  // known, though not declared
  const PlanComparison c = Compare();
  EXPECT_THAT(c.categories.at(Category::kInference).actual_share, Optional(60 / 300.0));
  EXPECT_EQ(c.categories.at(Category::kInference).planned_h100e, 0);
  EXPECT_THAT(c.buffer.consumed_h100e, Optional(0.0));
}

// --- Buffer --------------------------------------------------------------------------------------

TEST_F(PlanComparisonTest, PoolsWithinTheirAllocationsLeaveTheBufferWhole) {
  Hold("a", {Assigned("half", 180, "serve", 1), Assigned("half", 60, "safe", 1)});
  Hold("b", {Assigned("triple", 30, "train", 1), Assigned("triple", 15, "lab", 1)});
  Hold("c", {Free("half", 60, ChipState::kUnassigned), Free("triple", 5, ChipState::kUnassigned)});
  const PlanComparison c = Compare();
  EXPECT_THAT(c.buffer.consumed_h100e, Optional(0.0));
  EXPECT_TRUE(c.buffer.consumers.empty());
}

TEST_F(PlanComparisonTest, BorrowingFromWhatOthersDoNotUseLeavesTheBufferWhole) {
  Hold("a", {Assigned("half", 240, "serve", 1), Free("half", 60, ChipState::kUnassigned)});
  Hold("b", {Free("triple", 50, ChipState::kUnassigned)});
  EXPECT_THAT(Compare().buffer.consumed_h100e, Optional(0.0));
}

TEST_F(PlanComparisonTest, BorrowersAndBrokenChipsConsumeTheBufferInProportion) {
  // Held: serve 120 (30 beyond its 90), train 90, lab 45, safe 10; 20 unhealthy. 285 of the 255
  // beside the buffer.
  Hold("a", {Assigned("half", 240, "serve", 1), Assigned("half", 20, "safe", 1),
             Free("half", 40, ChipState::kUnhealthy)});
  Hold("b", {Assigned("triple", 30, "train", 1), Assigned("triple", 15, "lab", 1),
             Free("triple", 5, ChipState::kUnassigned)});
  const PlanComparison c = Compare();
  ASSERT_THAT(c.buffer.consumed_h100e, Optional(DoubleNear(30, kExact)));
  ASSERT_EQ(c.buffer.consumers.size(), 2U);
  EXPECT_EQ(c.buffer.consumers[0].pool, "serve");
  EXPECT_NEAR(c.buffer.consumers[0].h100e, 30 * 30 / 50.0, kExact);
  EXPECT_EQ(c.buffer.consumers[1].pool, "");
  EXPECT_NEAR(c.buffer.consumers[1].h100e, 30 * 20 / 50.0, kExact);
}

TEST_F(PlanComparisonTest, NoMoreOfTheBufferIsConsumedThanThereIs) {
  Hold("a", {Assigned("half", 300, "serve", 1)});
  Hold("b", {Assigned("triple", 50, "train", 1)});
  const PlanComparison c = Compare();
  EXPECT_THAT(c.buffer.consumed_h100e, Optional(45.0));
  EXPECT_NEAR(SumOfConsumers(c), 45, kExact);
}

TEST_F(PlanComparisonTest, WhatSilentHostsHeldStillConsumesTheBuffer) {
  const auto hold = [&](int64_t window) {
    Hold("a", {Assigned("half", 240, "serve", 1), Free("half", 20, ChipState::kUnassigned)},
         window);
    Hold("b",
         {Assigned("triple", 30, "train", 1), Assigned("triple", 15, "lab", 1),
          Free("triple", 5, ChipState::kUnassigned)},
         window);
  };
  Hold("c", {Assigned("half", 40, "serve", 1)});
  hold(0);
  const double before = *Compare().buffer.consumed_h100e;
  EXPECT_NEAR(before, 140 + 90 + 45 - 255, kExact);
  hold(5);
  const PlanComparison c = Compare();
  ASSERT_LT(*c.coverage, 1);
  EXPECT_THAT(c.buffer.consumed_h100e, Optional(DoubleNear(before, kExact)));
  ASSERT_EQ(c.buffer.consumers.size(), 1U);
  EXPECT_EQ(c.buffer.consumers[0].pool, "serve");
}

TEST_F(PlanComparisonTest, ASupplyThatIsWorthLessThanPlannedConsumesTheBuffer) {
  Plan& plan = reference_->plans[0];
  plan.supply = {{"half", 240}, {"triple", 50}};  // 30 H100e less than what supply_h100e says
  Hold("a", {Assigned("half", 180, "serve", 1), Assigned("half", 60, "safe", 1)});
  Hold("b", {Assigned("triple", 30, "train", 1), Assigned("triple", 15, "lab", 1),
             Free("triple", 5, ChipState::kUnassigned)});
  const PlanComparison c = Compare();
  EXPECT_THAT(c.buffer.consumed_h100e, Optional(DoubleNear(30, kExact)));
  ASSERT_EQ(c.buffer.consumers.size(), 1U);
  EXPECT_EQ(c.buffer.consumers[0].pool, "");
}

// --- P0 ------------------------------------------------------------------------------------------

TEST_F(PlanComparisonTest, P0IsShortOfWhatNoFreeChipCouldFill) {
  // safe is granted 30 and holds 10; 6 are free.
  Hold("a", {Assigned("half", 20, "safe", 1), Assigned("half", 280, "serve", 1)});
  Hold("b", {Assigned("triple", 48, "train", 1), Free("triple", 2, ChipState::kUnassigned)});
  EXPECT_THAT(Compare().p0_shortfall_h100e, Optional(DoubleNear(14, kExact)));
}

TEST_F(PlanComparisonTest, FreeChipsOrItsOwnFillP0) {
  HoldEverything();  // 20 short, 124 free
  EXPECT_THAT(Compare().p0_shortfall_h100e, Optional(0.0));
  Hold("a", {Assigned("half", 60, "safe", 1), Assigned("half", 120, "serve", 1)}, 1);
  EXPECT_THAT(Compare().p0_shortfall_h100e, Optional(0.0));
}

TEST_F(PlanComparisonTest, BrokenAndReservedChipsFillNoGuarantee) {
  Hold("a", {Assigned("half", 280, "serve", 1), Free("half", 20, ChipState::kUnhealthy, "safe")});
  Hold("b", {Assigned("triple", 40, "train", 1), Free("triple", 10, ChipState::kReserved)});
  EXPECT_THAT(Compare().p0_shortfall_h100e, Optional(30.0));
}

TEST_F(PlanComparisonTest, WhatSilentHostsOfP0HeldIsNotLacking) {
  const auto hold = [&](int64_t window) {
    Hold("a", {Assigned("half", 260, "serve", 1)}, window);
    Hold("b", {Assigned("triple", 48, "train", 1), Free("triple", 2, ChipState::kUnassigned)},
         window);
  };
  Hold("c", {Assigned("half", 40, "safe", 1)});
  hold(0);
  EXPECT_THAT(Compare().p0_shortfall_h100e, Optional(DoubleNear(30 - 20 - 6, kExact)));
  hold(5);
  ASSERT_LT(*Compare().coverage, 1);
  EXPECT_THAT(Compare().p0_shortfall_h100e, Optional(DoubleNear(30 - 20 - 6, kExact)));
}

// --- Any fleet -----------------------------------------------------------------------------------

TEST_F(PlanComparisonTest, AddsUpForAnyFleet) {
  std::mt19937 random(20'260'101);
  const char* const pools[] = {"serve", "train", "lab", "safe"};
  int known = 0;
  int consuming = 0;
  for (int step = 0; step < 2'000; ++step) {
    std::vector<UsageGroup> groups;
    for (unsigned g = random() % 4; g > 0; --g) {
      const std::string chip = random() % 2 ? "half" : "triple";
      const int64_t chips = random() % 60 + 1;
      if (random() % 3 == 0) {
        groups.push_back(Free(chip, chips, kChipStates[1 + random() % 3]));
      } else {
        groups.push_back(Assigned(chip, chips, pools[random() % 4], (random() % 100) / 99.0));
        if (random() % 4 == 0) groups.back().workload_type = "decode";
      }
    }
    const std::string host = "h" + std::to_string(random() % 12);
    Hold(host, std::move(groups), step / 4);
    state_.Forget(host);  // what it lists no more is gone
    const PlanComparison c = Compare();
    if (!c.buffer.consumed_h100e) {
      ASSERT_LT(c.coverage.value_or(0), 0.9);
      continue;
    }
    double tiers = *c.unassigned_share + *c.unavailable_share + *c.unplanned_share;
    bool all = true;
    for (const auto& [tier, row] : c.tiers) tiers += row.actual_share.value_or(0);
    for (const auto& [category, row] : c.categories) all &= row.actual_share.has_value();
    ASSERT_LE(tiers, 1 + kExact);
    if (all && c.heard_h100e > 0) {
      ++known;
      ASSERT_NEAR(SumOfCategories(c), 1, kExact);
    }
    consuming += *c.buffer.consumed_h100e > 0 ? 1 : 0;
    ASSERT_GE(*c.buffer.consumed_h100e, 0);
    ASSERT_LE(*c.buffer.consumed_h100e, c.buffer.planned_h100e);
    ASSERT_NEAR(SumOfConsumers(c), *c.buffer.consumed_h100e, kExact);
  }
  EXPECT_GT(known, 100);
  EXPECT_GT(consuming, 20);
}

}  // namespace
}  // namespace fleetmeter
