#include "daemon/accounting/admission.h"

#include <gtest/gtest.h>

#include "tests/unit/accounting/fleet_builder.h"

namespace fleetmeter {
namespace {

class AdmissionTest : public testing::Test {
 protected:
  std::optional<Rejection> Check(const UsageReport& report, double replay_speed = 1) {
    return CheckAdmission(report, {.reference = *reference_,
                                   .limits = {.max_length_nanos = 60 * kNanosPerSecond,
                                              .max_lateness_nanos = 3'600 * kNanosPerSecond,
                                              .adjust_up_to_nanos = 7'200 * kNanosPerSecond,
                                              .future_tolerance_nanos = 5 * kNanosPerSecond},
                                   .now = {kStart + kWindow, kStart + kWindow, false},
                                   .windows = windows_.empty() ? nullptr : &windows_,
                                   .replay_speed = replay_speed});
  }

  std::shared_ptr<const ReferenceData> reference_ = MakeReferenceData();
  WindowSet windows_;  // counted before
};

TEST_F(AdmissionTest, AdmitsAWindowThatFollowsTheLastOneAtOnce) {
  windows_.Add({kStart - kWindow, kStart});
  EXPECT_EQ(Check(Report("h", 0, {Assigned("half", 1, "alpha", 1)})), std::nullopt);
}

TEST_F(AdmissionTest, RejectsAnOverlapByOneNanosecond) {
  windows_.Add({kStart - kWindow, kStart + 1});
  const auto rejection = Check(Report("h", 0, {}));
  ASSERT_TRUE(rejection.has_value());
  EXPECT_EQ(rejection->reason, RejectReason::kWindowOverlap);
}

TEST_F(AdmissionTest, AdmitsTheFutureWithinTheTolerance) {
  UsageReport report = Report("h", 0, {});
  report.window_start_unix_nanos += 5 * kNanosPerSecond;
  EXPECT_EQ(Check(report), std::nullopt);
  ++report.window_start_unix_nanos;
  EXPECT_EQ(Check(report)->reason, RejectReason::kWindowInFuture);
}

TEST_F(AdmissionTest, RejectsMoreTimeThanPassed) {
  UsageReport report = Report("h", 0, {});
  report.duration_nanos = 81 * kNanosPerSecond;
  EXPECT_EQ(Check(report)->field, "duration_nanos");
  EXPECT_EQ(Check(report, /*replay_speed=*/60), std::nullopt);
}

TEST_F(AdmissionTest, ChecksPoolsAgainstThePlanInForceInTheWindow) {
  auto reference = std::make_shared<ReferenceData>(*reference_);
  Plan next = reference->plans[0];
  next.effective_from_unix_nanos = kStart + 5 * kNanosPerSecond;
  next.pools[0].name = "delta";
  next.pool_index.clear();  // it is of the old names
  reference->plans.push_back(next);
  reference_ = reference;
  EXPECT_EQ(Check(Report("h", 0, {Assigned("half", 1, "alpha", 1)})), std::nullopt)
      << "the window began under the old plan";
  EXPECT_EQ(Check(Report("h", 0, {Assigned("half", 1, "delta", 1)}))->reason,
            RejectReason::kUnknownPool);
}

TEST_F(AdmissionTest, NamesTheTeamsThereAre) {
  const auto rejection = Check(Report("h", 0, {Assigned("half", 1, "alpha", 1, "green")}));
  ASSERT_TRUE(rejection.has_value());
  EXPECT_EQ(rejection->field, "groups[0].team");
  EXPECT_EQ(rejection->detail, "'green' is not a team of pool 'alpha'; expected one of: red, blue");
}

TEST_F(AdmissionTest, ChecksPoolsAndTeamsOfWhatWaitsAndNotItsChips) {
  UsageReport report = Report("h", 0, {});
  WaitingWork& waiting = report.demand.emplace_back().waiting.emplace_back();
  report.demand[0].pools = {"of another plan"};
  waiting.pool = "alpha";
  waiting.chip = "h9000";
  EXPECT_EQ(Check(report), std::nullopt);
  waiting.team = "green";
  EXPECT_EQ(Check(report)->reason, RejectReason::kUnknownTeam);
  EXPECT_EQ(Check(report)->field, "demand[0].waiting[0].team");
  waiting.pool = "delta";
  EXPECT_EQ(Check(report)->reason, RejectReason::kUnknownPool);
}

TEST_F(AdmissionTest, AdmitsFreeChipsWithoutAPool) {
  EXPECT_EQ(Check(Report("h", 0, {Free("half", 1, ChipState::kUnassigned)})), std::nullopt);
  EXPECT_EQ(Check(Report("h", 0, {Free("half", 1, ChipState::kUnhealthy, "nobody")}))->reason,
            RejectReason::kUnknownPool);
}

}  // namespace
}  // namespace fleetmeter
