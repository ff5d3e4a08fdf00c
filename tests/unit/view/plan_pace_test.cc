// What a moment is worth in a year, and a moment as a start for what-if.
#include <gmock/gmock.h>

#include "daemon/domain/framework/economics.h"
#include "tests/unit/view/plan_fleet.h"

namespace fleetmeter {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;
using testing::Optional;

constexpr double kHours = 8'760;
constexpr double kCent = 0.01;

class PlanPaceTest : public PlanFleet {
 protected:
  // 20 hosts with 15 H100e each: 6 for serving at `activity`, 3 for training.
  void Serve(double activity, int first_host = 0, int64_t window = 0) {
    for (int host = first_host; host < 20; ++host) {
      Hold("h" + std::to_string(host),
           {Assigned("half", 12, "serve", activity), Assigned("triple", 1, "train", 1),
            Free("half", 3, ChipState::kUnassigned)},
           window);
    }
    Hold("rest", {Free("triple", 30, ChipState::kUnassigned)}, window);
  }
  /// A copy: what is asked of a temporary comparison must not outlive it.
  static RevenuePace On(const PlanComparison& c, const std::string& curve) {
    for (const RevenuePace& pace : c.pace->revenue) {
      if (pace.curve == curve) return pace;
    }
    throw std::out_of_range(curve);
  }
};

TEST_F(PlanPaceTest, ThePlannedYearNeedsNoFleet) {
  const PlanComparison c = Compare();
  ASSERT_TRUE(c.pace.has_value());
  ASSERT_EQ(c.pace->revenue.size(), 2U);
  // 30% of 300 H100e, at $36 x 20% x 50%.
  EXPECT_NEAR(On(c, "linear").planned_usd, 90 * kHours * 3.6, kCent);
  EXPECT_NEAR(On(c, "log").planned_usd, 90 * kHours * 3.6, kCent) << "its anchor";
  EXPECT_EQ(On(c, "linear").serviceable_usd, std::nullopt);
  EXPECT_EQ(On(c, "linear").forgone_usd, std::nullopt);
  EXPECT_NEAR(c.pace->planned_training_hours, 90 * kHours, kCent);
  EXPECT_EQ(c.pace->training_hours, std::nullopt);
}

TEST_F(PlanPaceTest, ServiceableRevenueFollowsHoldingAndUtilizationOnEveryCurve) {
  Serve(0.4);
  const PlanComparison c = Compare();
  EXPECT_THAT(c.inference_utilization, Optional(DoubleNear(0.4, 1e-9)));
  const RevenuePace linear = On(c, "linear");
  EXPECT_THAT(linear.serviceable_usd, Optional(DoubleNear(120 * kHours * 7.2, kCent)));
  EXPECT_THAT(linear.forgone_usd, Optional(0.0)) << "more than planned is not a loss";
  const double usd = 3.6 * std::log1p(8 * 0.4) / std::log1p(8 * 0.2);
  EXPECT_THAT(On(c, "log").serviceable_usd, Optional(DoubleNear(120 * kHours * usd, kCent)));
  EXPECT_THAT(c.pace->training_hours, Optional(DoubleNear(60 * kHours, kCent)));
}

TEST_F(PlanPaceTest, ForgoneIsWhatThePlanWouldHaveEarnedMore) {
  Serve(0.1);
  const RevenuePace linear = On(Compare(), "linear");
  EXPECT_THAT(linear.forgone_usd,
              Optional(DoubleNear(90 * kHours * 3.6 - 120 * kHours * 1.8, kCent)));
}

TEST_F(PlanPaceTest, AFewSilentHostsAreNoLostRevenue) {
  Serve(0.4);
  const double before = *On(Compare(), "linear").serviceable_usd;
  Serve(0.4, /*first_host=*/1, /*window=*/5);
  const PlanComparison c = Compare();
  ASSERT_LT(*c.coverage, 1);
  // The silent host's serving is a 20th of serving and its chips a 30th of the supply.
  EXPECT_NEAR(*On(c, "linear").serviceable_usd / before, 1, 0.03);
  EXPECT_GT(*On(c, "linear").serviceable_usd / before, 19 / 20.0);
}

TEST_F(PlanPaceTest, WithoutInferenceNothingIsEarned) {
  Hold("a", {Assigned("half", 300, "train", 1)});
  Hold("b", {Free("triple", 50, ChipState::kUnassigned)});
  const PlanComparison c = Compare();
  EXPECT_EQ(c.inference_utilization, std::nullopt);
  EXPECT_THAT(On(c, "linear").serviceable_usd, Optional(0.0));
  EXPECT_THAT(On(c, "linear").forgone_usd, Optional(On(c, "linear").planned_usd));
  EXPECT_THAT(WhyNoStart(), HasSubstr("inference holds no chips"));
}

TEST_F(PlanPaceTest, RevenueIsNotKnownWhileTooLittleIsMeasured) {
  Hold("a", {Assigned("half", 80, "serve", 0.5), HeldOnly("half", 120, "serve"),
             Assigned("half", 100, "train", 1)});
  Hold("b", {Free("triple", 50, ChipState::kUnassigned)});
  const PlanComparison c = Compare();
  EXPECT_THAT(c.inference_measured, Optional(0.4));
  EXPECT_EQ(c.inference_utilization, std::nullopt);
  EXPECT_EQ(On(c, "linear").serviceable_usd, std::nullopt);
  EXPECT_EQ(On(c, "linear").forgone_usd, std::nullopt);
  EXPECT_THAT(c.pace->training_hours, Optional(DoubleNear(50 * kHours, kCent)));
  EXPECT_THAT(WhyNoStart(), HasSubstr("measured is 40.0%; expected at least 90%"));
}

TEST_F(PlanPaceTest, WhatIsNotMeasuredLeavesTheUtilizationAlone) {
  Hold("a", {Assigned("half", 95, "serve", 0.5), HeldOnly("half", 5, "serve"),
             Free("half", 200, ChipState::kUnassigned)});
  Hold("b", {Free("triple", 50, ChipState::kUnassigned)});
  EXPECT_THAT(Compare().inference_utilization, Optional(DoubleNear(0.5, 1e-9)));
}

TEST_F(PlanPaceTest, ThereIsNoPaceWithoutAFramework) {
  reference_->framework.reset();
  Serve(0.4);
  const PlanComparison c = Compare();
  EXPECT_FALSE(c.pace.has_value());
  EXPECT_TRUE(c.inference_utilization.has_value());
}

TEST_F(PlanPaceTest, TheFleetIsAStartForWhatIf) {
  Serve(0.4);
  const PlanComparison c = Compare();
  const auto start = LiveStart(c);
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_DOUBLE_EQ(start->supply_h100e, 300);
  EXPECT_DOUBLE_EQ(start->shares.at(Category::kInference), 0.4);
  EXPECT_DOUBLE_EQ(start->shares.at(Category::kSafety), 0);
  EXPECT_NEAR(start->utilization, 0.4, 1e-9);
  // What simulations begin with is what the pace says.
  const framework::Assumptions& assumptions = reference_->framework->assumptions;
  const framework::Outcome outcome =
      framework::OutcomeOf(assumptions, framework::PositionOf(assumptions, *start), 0);
  EXPECT_NEAR(outcome.serviceable_revenue_usd, *On(c, "linear").serviceable_usd, kCent);
  EXPECT_NEAR(outcome.training_hours, *c.pace->training_hours, kCent);
}

TEST_F(PlanPaceTest, AFewSilentHostsAreNoSmallerFleetToStartFrom) {
  Serve(0.4);
  Compare();
  Serve(0.4, /*first_host=*/1, /*window=*/5);
  const auto start = LiveStart(Compare());
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_DOUBLE_EQ(start->supply_h100e, 300);
}

TEST_F(PlanPaceTest, AStartThatIsNotKnownSaysWhy) {
  EXPECT_THAT(WhyNoStart(), HasSubstr("nothing is heard of the fleet"));
  Serve(0.4, /*first_host=*/10);
  EXPECT_THAT(WhyNoStart(), HasSubstr("supply that is heard from is 65.0%; expected at least 90%"));
  Serve(0.4);
  Hold("s", {Assigned("half", 10, "safe", 1)});
  Serve(0.4, 0, 5);
  EXPECT_THAT(WhyNoStart(), HasSubstr("safety's chips that is heard from is 0.0%; expected at "));
}

}  // namespace
}  // namespace fleetmeter
