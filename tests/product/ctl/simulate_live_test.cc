// `fleetmeterctl simulate --from-live`: what it asks, of a Plan service of the test's own, and what
// a real daemon answers.
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

#include "daemon/base/mutex.h"
#include "fleetmeter/v1/plan.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/product/ctl/running_daemon.h"

namespace fleetmeter::ctl {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Remembers what it was asked and answers as it is told.
class FakePlan : public v1::Plan::Service {
 public:
  using Answer = std::function<grpc::Status(v1::SimulateResponse*)>;

  explicit FakePlan(Answer answer) : answer_(std::move(answer)) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
  }
  ~FakePlan() override { server_->Shutdown(); }

  grpc::Status Simulate(grpc::ServerContext*, const v1::SimulateRequest* request,
                        v1::SimulateResponse* response) override {
    MutexLock lock(mutex_);
    asked_ = *request;
    return answer_(response);
  }

  const std::string& address() const { return address_; }
  v1::SimulateRequest asked() {
    MutexLock lock(mutex_);
    return asked_;
  }

 private:
  const Answer answer_;
  Mutex mutex_;
  v1::SimulateRequest asked_ ABSL_GUARDED_BY(mutex_);
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

grpc::Status AnswerSome(v1::SimulateResponse* response) {
  response->mutable_basis()->set_framework("in-force");
  response->mutable_basis()->set_version(7);
  response->mutable_basis()->set_baseline("base");
  response->mutable_live_basis()->set_plan("q2");
  response->set_start("live");
  response->set_mode("free-capacity");
  response->mutable_freed()->set_h100_hours(1'234'567);
  response->mutable_freed()->set_share_ratio(0.125);
  response->mutable_after()->mutable_outcome()->set_serviceable_revenue_usd(2.5e9);
  return grpc::Status::OK;
}

TEST(SimulateFromLive, AsksTheDaemonForWhatTheFlagsSay) {
  FakePlan daemon(AnswerSome);
  const Outcome outcome = RunCtl({"simulate",     "--from-live", daemon.address(), "--utilization",
                                  "60",           "--curve",     "bent",           "--share",
                                  "research=40%", "--hold",      "training",       "--revenue",
                                  "1B",           "--mode",      "free-capacity",  "--rest",
                                  "proportional", "--set",       "tiers.p0=5%",    "-o",
                                  "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  v1::SimulateRequest want;
  want.set_from_live(true);
  want.add_set("tiers.p0=5%");
  want.set_utilization_ratio(0.6);
  want.set_curve("bent");
  want.set_revenue_usd(1e9);
  (*want.mutable_share_ratios())["research"] = 0.4;
  want.add_hold("training");
  want.set_mode("free-capacity");
  want.set_rest("proportional");
  EXPECT_EQ(daemon.asked().DebugString(), want.DebugString());
  const json answer = json::parse(outcome.out);
  EXPECT_EQ(answer.at("start"), "live");
  EXPECT_EQ(answer.at("live_basis").at("plan"), "q2");
  EXPECT_EQ(answer.at("after").at("outcome").at("serviceable_revenue_usd"), 2.5e9);
}

TEST(SimulateFromLive, AsksTheUsualDaemonAndPrintsATable) {
  FakePlan daemon(AnswerSome);
  const Outcome outcome =
      RunCtl({"simulate", "--from-live"}, {.env = {{"FLEETMETER_ADDRESS", daemon.address()}}});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, HasSubstr("framework in-force version 7, compared with base\n"
                                     "plan q2 version 0"));
  EXPECT_THAT(outcome.out, HasSubstr("from live; free-capacity\n"));
  EXPECT_THAT(outcome.out, HasSubstr("freed: 1,234,567 H100e-hours, 12.5% of the supply\n"));
  v1::SimulateRequest want;
  want.set_from_live(true);
  EXPECT_EQ(daemon.asked().DebugString(), want.DebugString());
}

TEST(SimulateFromLive, PassesOnWhatTheDaemonRefuses) {
  for (const grpc::StatusCode code :
       {grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::FAILED_PRECONDITION}) {
    FakePlan daemon([&](v1::SimulateResponse*) {
      return grpc::Status(code, "does not fit: 5 hours too much");
    });
    const Outcome outcome = RunCtl({"simulate", "--from-live", daemon.address()});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.error, "fleetmeterctl: fleetmeterd at " + daemon.address() +
                                 ": does not fit: 5 hours too much\n");
  }
}

TEST(SimulateFromLive, SaysThatADaemonCannotAnswer) {
  FakePlan daemon(
      [](v1::SimulateResponse*) { return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, ""); });
  const Outcome outcome = RunCtl({"simulate", "--from-live", daemon.address()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("or the daemon is older than what was asked"));
}

// 4 of 16 h100 serve, half active.
TEST(SimulateFromLive, StartsFromTheFleetOfARealDaemon) {
  RunningDaemon daemon;
  daemon.UseFramework();
  daemon.Start();
  daemon.Report(4);
  const Outcome outcome = RunCtl({"simulate", "--from-live", daemon.query_address(),
                                  "--utilization", "100%", "--output", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  const json answer = json::parse(outcome.out);
  EXPECT_EQ(answer.at("start"), "live");
  EXPECT_EQ(answer.at("basis").at("framework"), "small");
  EXPECT_EQ(answer.at("live_basis").at("plan"), "small");
  const json& before = answer.at("before");
  EXPECT_EQ(before.at("supply_hours"), 16 * 8760);
  EXPECT_EQ(before.at("categories").at(0).at("portion").at("share_ratio"), 0.25);
  EXPECT_EQ(before.at("outcome").at("utilization_ratio"), 0.5);
  const double earned = before.at("outcome").at("serviceable_revenue_usd");
  EXPECT_NEAR(earned, 4 * 8760 * 4.158 * 0.9 * 0.5, 1e-6);
  EXPECT_NEAR(answer.at("after").at("outcome").at("serviceable_revenue_usd"), 2 * earned, 1e-6);
}

TEST(SimulateFromLive, IsRefusedByADaemonWithoutAssumptions) {
  RunningDaemon daemon;
  daemon.Start();
  const Outcome outcome = RunCtl({"simulate", "--from-live", daemon.query_address()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("this daemon has no framework"));
}

}  // namespace
}  // namespace fleetmeter::ctl
