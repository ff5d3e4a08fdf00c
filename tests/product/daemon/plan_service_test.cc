// What the Plan service answers: the framework's tables, what if, and the plan beside the fleet.
#include <grpcpp/grpcpp.h>

#include <cmath>
#include <csignal>
#include <cstdlib>

#include "fleetmeter/v1/plan.grpc.pb.h"
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

std::string ShippedFramework() {
  const char* source = std::getenv("FLEETMETER_SOURCE_DIR");
  return std::string(source == nullptr ? "." : source) + "/deploy/plans/framework.yaml";
}

// Supply 48 H100e: serving 16 (a third), training 12, evals 4.
DaemonSettings WithFramework() {
  DaemonSettings settings;
  settings.more = "framework: " + ShippedFramework() + "\n";
  return settings;
}

class PlanServiceTest : public testing::Test {
 protected:
  explicit PlanServiceTest(const DaemonSettings& settings = WithFramework())
      : daemon_(settings),
        stub_(v1::Plan::NewStub(
            grpc::CreateChannel(daemon_.query_address(), grpc::InsecureChannelCredentials()))) {}

  template <class Request, class Response>
  grpc::Status Call(grpc::Status (v1::Plan::Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    return ((*stub_).*method)(&context, request, response);
  }
  v1::SimulateResponse Simulate(const v1::SimulateRequest& request) {
    v1::SimulateResponse response;
    const grpc::Status status = Call(&v1::Plan::Stub::Simulate, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  grpc::Status Refused(const v1::SimulateRequest& request) {
    v1::SimulateResponse response;
    return Call(&v1::Plan::Stub::Simulate, request, &response);
  }
  v1::CompareResponse Compare() {
    v1::CompareResponse response;
    const grpc::Status status = Call(&v1::Plan::Stub::Compare, v1::CompareRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  // The whole supply reports: 32 h100 and 32 a100 (2 for an H100e). Of the h100, 12 serve at an
  // activity of 0.6 and 6 train at 0.9; the rest is free.
  void ReportWholeFleet() {
    v1::UsageReport report = MakeReport("host", 2 * kSecond);
    AddAssigned(report, "serving", "chat", std::vector<double>(12, 0.6));
    v1::UsageGroup& training =
        AddAssigned(report, "training", "pretrain", std::vector<double>(6, 0.9));
    for (int i = 0; i < 6; ++i) training.mutable_per_chip()->set_device(i, 12 + i);
    AddFree(report, v1::CHIP_STATE_UNASSIGNED, 18, 14);
    AddFree(report, v1::CHIP_STATE_UNASSIGNED, 100, 32, "a100");
    const UnaryAnswer answer = SendUnary(daemon_.ingest(), RandomStreamId(), {Numbered(report, 1)});
    ASSERT_EQ(answer.ack.acknowledged_through(), 1U) << answer.status.error_message();
    ASSERT_EQ(answer.ack.dispositions_size(), 0) << answer.ack.ShortDebugString();
  }

  Daemon daemon_;
  const std::unique_ptr<v1::Plan::Stub> stub_;
};

double ShareOf(const v1::PositionResult& position, const std::string& category) {
  for (const v1::CategoryResult& row : position.categories()) {
    if (row.category() == category) return row.portion().share_ratio();
  }
  ADD_FAILURE() << "no category " << category;
  return -1;
}

const v1::CompareResponse::Row& Category(const v1::CompareResponse& response,
                                         const std::string& name) {
  for (const auto& row : response.categories()) {
    if (row.name() == name) return row;
  }
  ADD_FAILURE() << "no category " << name;
  return response.categories(0);
}

TEST_F(PlanServiceTest, TellsTheTablesOfTheFrameworkInForce) {
  v1::GetFrameworkResponse response;
  const grpc::Status status =
      Call(&v1::Plan::Stub::GetFramework, v1::GetFrameworkRequest(), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.basis().framework(), "allocation-framework");
  EXPECT_EQ(std::llround(response.supply().h100_hours()), 12'144'285'714);
  ASSERT_EQ(response.scenarios_size(), 3);
  EXPECT_EQ(std::llround(response.scenarios(1).outcome().serviceable_revenue_usd()),
            31'780'506'396);
  EXPECT_EQ(response.sensitivity_size(), 7);
}

TEST_F(PlanServiceTest, SimulatesFromAScenario) {
  v1::SimulateRequest request;
  (*request.mutable_share_ratios())["research"] = 0.7;
  const v1::SimulateResponse response = Simulate(request);
  EXPECT_EQ(response.start(), "scenario recommendation");
  EXPECT_FALSE(response.has_live_basis());
  EXPECT_EQ(std::llround(response.after().outcome().research_hours()), 8'501'000'000);
  EXPECT_EQ(std::llround(response.after().outcome().serviceable_revenue_usd()), 2'270'036'171);
  EXPECT_EQ(std::llround(response.after().outcome().training_ratio() * 100), 14);
  EXPECT_EQ(std::llround(response.forgone().revenue_usd()), 15'729'963'829);
}

TEST_F(PlanServiceTest, SimulatesUnderOtherAssumptionsAgainstTheBaselineInForce) {
  v1::SimulateRequest request;
  request.add_set("training.growth=300%");
  const v1::SimulateResponse response = Simulate(request);
  EXPECT_EQ(std::llround(response.after().outcome().research_hours()), 5'084'633'510);
  EXPECT_NEAR(response.after().outcome().training_ratio(), 0.75, 1e-9);
  EXPECT_THAT(response.basis().overrides(), testing::ElementsAre("training.growth=300%"));
}

TEST_F(PlanServiceTest, RefusesWhatIsWrongAndSaysWhatWasExpected) {
  v1::SimulateRequest request;
  (*request.mutable_share_ratios())["research"] = 0.8;
  grpc::Status status = Refused(request);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(),
              HasSubstr("607,214,286 hours (5.00% of the supply) too much"));

  request = {};
  request.add_set("training.grwth=3");
  status = Refused(request);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("training.grwth"));

  request = {};
  request.set_utilization_ratio(std::nan(""));
  EXPECT_THAT(Refused(request).error_message(), HasSubstr("utilization_ratio: is nan"));

  request = {};
  request.set_curve("steep");
  EXPECT_THAT(Refused(request).error_message(), HasSubstr("expected one of diminishing, linear"));

  request = {};
  for (int i = 0; i < 65; ++i) request.add_set("training.growth=3");
  EXPECT_THAT(Refused(request).error_message(), HasSubstr("set: has 65 entries"));

  request = {};
  request.set_from_live(true);
  request.set_scenario("recommendation");
  EXPECT_THAT(Refused(request).error_message(), HasSubstr("expected one of the two"));
}

TEST_F(PlanServiceTest, TakesNoAssumptionsAboutWhatItMeasures) {
  v1::SimulateRequest request;
  request.set_from_live(true);
  request.add_set("supply.b200.chips_per_h100e=1");
  EXPECT_THAT(Refused(request).error_message(), HasSubstr("says what is measured"));
}

// Whoever may ask must not make the daemon read files of its machine.
TEST_F(PlanServiceTest, ReadsNoFileThatARequestNames) {
  v1::SimulateRequest request;
  request.add_set("catalog=/etc/passwd");
  const grpc::Status status = Refused(request);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), testing::Not(HasSubstr("root")));
  EXPECT_THAT(status.error_message(), HasSubstr("catalog"));
}

TEST_F(PlanServiceTest, DoesNotStartFromAFleetThatItHasNotHeardFrom) {
  v1::SimulateRequest request;
  request.set_from_live(true);
  const grpc::Status status = Refused(request);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("nothing is heard of the fleet"));
}

TEST_F(PlanServiceTest, StartsFromTheMeasuredSharesAndUtilization) {
  ReportWholeFleet();
  v1::SimulateRequest request;
  request.set_from_live(true);
  const v1::SimulateResponse response = Simulate(request);
  EXPECT_EQ(response.start(), "live");
  EXPECT_EQ(response.live_basis().plan(), "test");
  EXPECT_NEAR(response.before().supply_hours(), 48 * 8760, 1e-6);
  EXPECT_NEAR(ShareOf(response.before(), "inference"), 12.0 / 48, 1e-9);
  EXPECT_NEAR(ShareOf(response.before(), "training"), 6.0 / 48, 1e-9);
  EXPECT_NEAR(ShareOf(response.before(), "research"), 0, 1e-9);
  EXPECT_NEAR(response.before().outcome().utilization_ratio(), 0.6, 1e-6);
  // Nobody else may hold what P0 is guaranteed and safety does not hold.
  EXPECT_NEAR(ShareOf(response.before(), "safety"), 0, 1e-9);
  EXPECT_NEAR(response.before().p0_unused().share_ratio(), 0.10, 1e-9);
  EXPECT_NEAR(response.before().unallocated().share_ratio(), 1 - 0.10 - 0.15 - 18.0 / 48, 1e-9);
  // $7.4769 at 20% is three times that at 60%, on the straight line.
  EXPECT_NEAR(response.before().outcome().serviceable_revenue_usd(), 12 * 8760 * 22.43065973, 1);

  // Half of the utilization, with revenue kept, takes twice the chips.
  request.set_utilization_ratio(0.3);
  request.set_mode("free-capacity");
  const v1::SimulateResponse slower = Simulate(request);
  EXPECT_NEAR(ShareOf(slower.after(), "inference"), 24.0 / 48, 1e-6);
  EXPECT_NEAR(slower.freed().share_ratio(), -12.0 / 48, 1e-6);
}

TEST_F(PlanServiceTest, ComparesThePlanWithTheFleet) {
  const v1::CompareResponse silent = Compare();
  EXPECT_FALSE(Category(silent, "inference").has_actual_share_ratio());
  EXPECT_FALSE(silent.has_buffer_consumed_h100e());
  EXPECT_NEAR(Category(silent, "inference").planned_share_ratio() * silent.supply_h100e(),
              Category(silent, "inference").planned_h100e(), 1e-9);

  ReportWholeFleet();
  const v1::CompareResponse heard = Compare();
  EXPECT_EQ(heard.framework().framework(), "allocation-framework");
  EXPECT_NEAR(heard.coverage_ratio(), 1, 1e-9);
  const auto& inference = Category(heard, "inference");
  EXPECT_NEAR(inference.actual_share_ratio(), 0.25, 1e-9);
  EXPECT_NEAR(inference.drift_ratio(), 0.25 - inference.planned_share_ratio(), 1e-9);
  EXPECT_NEAR(heard.unassigned_share_ratio(), 30.0 / 48, 1e-9);
  EXPECT_NEAR(heard.inference_utilization_ratio(), 0.6, 1e-6);
  ASSERT_EQ(heard.revenue_size(), 2);
  EXPECT_EQ(heard.revenue(1).curve(), "linear");
  EXPECT_NEAR(heard.revenue(1).serviceable_revenue_usd(), 12 * 8760 * 22.43065973, 1);
  EXPECT_NEAR(heard.training_hours(), 6 * 8760, 1e-3);
}

class NoFrameworkTest : public PlanServiceTest {
 protected:
  NoFrameworkTest() : PlanServiceTest(DaemonSettings{}) {}
};

TEST_F(NoFrameworkTest, SaysSoAndStillCompares) {
  v1::GetFrameworkResponse tables;
  const grpc::Status status =
      Call(&v1::Plan::Stub::GetFramework, v1::GetFrameworkRequest(), &tables);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("expected the setting framework"));
  EXPECT_EQ(Refused(v1::SimulateRequest()).error_code(), StatusCode::FAILED_PRECONDITION);
  const v1::CompareResponse response = Compare();
  EXPECT_FALSE(response.has_framework());
  EXPECT_EQ(response.revenue_size(), 0);
  EXPECT_FALSE(response.has_planned_training_hours());
  EXPECT_EQ(response.categories_size(), 4);
}

}  // namespace
}  // namespace fleetmeter::e2e
