// What the Query service answers.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <csignal>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

// Calls end after a minute at most.
class Context : public grpc::ClientContext {
 public:
  Context() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60)); }
};

class QueryTest : public testing::Test {
 protected:
  // Makes `chips` h100 of one host assigned to pool serving, all at an activity of a half.
  void Assign(const std::string& host, int chips, const std::string& pool = "serving",
              const std::string& team = "chat") {
    v1::UsageReport report = MakeReport(host, 2 * kSecond);
    AddAssigned(report, pool, team, std::vector<double>(chips, 0.5));
    Send(report);
  }
  // As many chips as the plan declares, so that nothing of the supply is unknown.
  static v1::UsageReport AllFree() {
    v1::UsageReport report = MakeReport("rest", 2 * kSecond);
    AddFree(report, v1::CHIP_STATE_UNASSIGNED, 0, 32);
    AddFree(report, v1::CHIP_STATE_UNASSIGNED, 32, 32, "a100");
    return report;
  }
  void Send(const v1::UsageReport& report) {
    const UnaryAnswer answer = SendUnary(daemon_.ingest(), RandomStreamId(), {Numbered(report, 1)});
    EXPECT_EQ(answer.ack.acknowledged_through(), 1U) << answer.status.error_message();
    EXPECT_EQ(answer.ack.dispositions_size(), 0) << answer.ack.ShortDebugString();
  }
  v1::HeadroomResponse Headroom(const std::string& pool) {
    Context context;
    v1::HeadroomRequest request;
    request.set_pool(pool);
    v1::HeadroomResponse response;
    const grpc::Status status = daemon_.query().GetHeadroom(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::GetSupplyResponse Supply() {
    Context context;
    v1::GetSupplyResponse response;
    EXPECT_TRUE(daemon_.query().GetSupply(&context, {}, &response).ok());
    return response;
  }

  Daemon daemon_;
};

TEST_F(QueryTest, ListPoolsAnswersInThePlansOrder) {
  Assign("host", 4);
  const v1::ListPoolsResponse response = daemon_.ListPools();
  EXPECT_EQ(response.basis().plan(), "test");
  EXPECT_EQ(response.basis().plan_version(), 1U);
  EXPECT_EQ(response.basis().catalog_version(), 1U);
  EXPECT_EQ(response.basis().scenario(), "tests");
  EXPECT_NEAR(static_cast<double>(response.basis().as_of_unix_nanos()),
              static_cast<double>(NowNanos()), 30.0 * kSecond);
  ASSERT_EQ(response.pools_size(), 3);
  EXPECT_EQ(response.pools(1).pool(), "training");
  EXPECT_EQ(response.pools(2).pool(), "evals");
  const v1::Pool& pool = response.pools(0);
  EXPECT_EQ(pool.pool(), "serving");
  EXPECT_EQ(pool.category(), "inference");
  EXPECT_EQ(pool.tier(), "p2");
  EXPECT_EQ(pool.owner(), "Serving");
  EXPECT_EQ(pool.contact(), "#serving");
  EXPECT_EQ(pool.allocated_h100e(), 16);
  EXPECT_EQ(pool.assigned_h100e(), 4);
  EXPECT_EQ(pool.busy_h100e(), 2);
  EXPECT_EQ(pool.idle_h100e(), 2);
  EXPECT_EQ(pool.headroom_h100e(), 12);
  EXPECT_EQ(pool.coverage_ratio(), 1);
  EXPECT_EQ(pool.utilization_ratio(), 2.0 / 16);
  EXPECT_EQ(pool.activity_p50(), 0.5);
  EXPECT_FALSE(pool.has_productive_h100e());
  ASSERT_EQ(pool.chips_size(), 1);
  EXPECT_EQ(pool.chips(0).assigned_micro_chips(), 4'000'000);
  ASSERT_EQ(pool.teams_size(), 1);
  EXPECT_EQ(pool.teams(0).team(), "chat");
  EXPECT_EQ(pool.teams(0).busy_h100e(), 2);
}

TEST_F(QueryTest, ToldDemandIsShownWithWhatOfItCouldStart) {
  Send(AllFree());
  EXPECT_FALSE(daemon_.FindPool("serving").has_demand()) << "nobody tells";
  v1::UsageReport report = MakeReport("host", 2 * kSecond);
  AddAssigned(report, "serving", "chat", std::vector<double>(4, 0.5));
  v1::Waiting& waiting = AddWaiting(report, "serving", 24);
  waiting.set_requests(3);
  waiting.set_oldest_wait_seconds(600);
  waiting.set_reason("Priority");
  AddWaiting(report, "serving", 8, "h9000");
  Send(report);
  const v1::PoolDemand demand = Headroom("serving").pool().demand();
  EXPECT_EQ(demand.h100e(), 24);
  EXPECT_EQ(demand.micro_chips(), 32'000'000);
  EXPECT_EQ(demand.requests(), 4);
  EXPECT_EQ(demand.oldest_wait_seconds(), 600);
  EXPECT_EQ(demand.servable_h100e(), 8) << "one request of 8 fits into 12";
  ASSERT_EQ(demand.uncounted_size(), 1);
  EXPECT_EQ(demand.uncounted(0).chip(), "h9000");
  ASSERT_EQ(demand.reasons_size(), 2);
  EXPECT_EQ(demand.reasons(1).reason(), "Priority");
  EXPECT_EQ(demand.reasons(1).requests(), 3);
}

TEST_F(QueryTest, WhatNobodyMeasuresIsAbsent) {
  const v1::Pool pool = daemon_.FindPool("serving");
  EXPECT_FALSE(pool.has_busy_h100e());
  EXPECT_FALSE(pool.has_idle_h100e());
  EXPECT_FALSE(pool.has_utilization_ratio());
  EXPECT_FALSE(pool.has_measured_ratio());
  EXPECT_FALSE(pool.has_activity_p50());
  EXPECT_FALSE(pool.has_headroom_h100e()) << "a daemon that has heard nothing offers nothing";
  EXPECT_FALSE(Headroom("serving").has_borrowable_h100e());
  EXPECT_EQ(pool.coverage_ratio(), 0);
}

TEST_F(QueryTest, GetHeadroomOfAnUnknownPoolNamesThePools) {
  Context context;
  v1::HeadroomRequest request;
  request.set_pool("servnig");
  v1::HeadroomResponse response;
  const grpc::Status status = daemon_.query().GetHeadroom(&context, request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(),
            "\"servnig\" is not a pool of plan 'test' version 1; the nearest is "
            "'serving'");
}

TEST_F(QueryTest, BorrowingFollowsTheLendingPolicies) {
  Send(AllFree());
  // Headroom 16, half of it lendable; training lends nothing and may borrow without a limit.
  EXPECT_EQ(Headroom("training").borrowable_h100e(), 8);
  EXPECT_EQ(Headroom("serving").borrowable_h100e(), 0);
  Assign("host-1", 14, "training", "pretrain");
  const v1::HeadroomResponse training = Headroom("training");
  EXPECT_EQ(training.pool().borrowed_h100e(), 2);
  EXPECT_EQ(training.pool().headroom_h100e(), -2);
  EXPECT_EQ(training.borrowable_h100e(), 8);
  Assign("host-2", 10);
  EXPECT_EQ(Headroom("serving").pool().headroom_h100e(), 6);
  EXPECT_EQ(Headroom("training").borrowable_h100e(), 3);
}

TEST_F(QueryTest, ABorrowingLimitCountsWhatIsBorrowedAlready) {
  const std::string plan = Replaced(Replaced(kPlan, "version: 1", "version: 2"), "teams: [red]",
                                    "policy: {lendable: 100%}\n    teams: [red]");
  Daemon lending({.plan = plan});
  SendUnary(lending.ingest(), RandomStreamId(), {Numbered(AllFree(), 1)});
  const auto borrowable = [&] {
    Context context;
    v1::HeadroomRequest request;
    request.set_pool("serving");
    v1::HeadroomResponse response;
    EXPECT_TRUE(lending.query().GetHeadroom(&context, request, &response).ok());
    return response.borrowable_h100e();
  };
  EXPECT_EQ(borrowable(), 4);  // all of evals' 4, within the limit of 8
  v1::UsageReport report = MakeReport("host", 2 * kSecond);
  AddAssigned(report, "serving", "chat", std::vector<double>(22, 0.5));
  EXPECT_EQ(
      SendUnary(lending.ingest(), RandomStreamId(), {Numbered(report, 1)}).ack.dispositions_size(),
      0);
  EXPECT_EQ(borrowable(), 2);  // 6 of the limit are used
}

TEST_F(QueryTest, AChipSharedByTwoPoolsIsOneChipOfTheSupply) {
  v1::UsageReport report = MakeReport("host", 2 * kSecond);
  v1::PerChip& serving = *AddAssigned(report, "serving", "chat", {0.5}).mutable_per_chip();
  serving.add_share_ppm(333'333);
  v1::PerChip& evals = *AddAssigned(report, "evals", "red", {1}).mutable_per_chip();
  evals.add_share_ppm(571'429);
  v1::UsageGroup& rest = AddFree(report, v1::CHIP_STATE_UNASSIGNED, 0, 1);
  rest.mutable_per_chip()->add_share_ppm(95'238);
  Send(report);
  const v1::GetSupplyResponse supply = Supply();
  ASSERT_EQ(supply.rows_size(), 2);
  EXPECT_EQ(supply.rows(0).chip(), "h100");
  EXPECT_EQ(supply.rows(0).assigned_micro_chips(), 904'762);
  EXPECT_EQ(supply.rows(0).unassigned_micro_chips(), 95'238);
  EXPECT_EQ(supply.rows(0).h100e(), 1);
  EXPECT_EQ(supply.total_h100e(), 1);
  EXPECT_DOUBLE_EQ(daemon_.FindPool("serving").assigned_h100e(), 0.333333);
  EXPECT_DOUBLE_EQ(daemon_.FindPool("evals").assigned_h100e(), 0.571429);
  EXPECT_EQ(daemon_.TotalsOf("serving"), (Totals{"333333000", "166666500", "0"}));
  EXPECT_EQ(daemon_.TotalsOf("evals"), (Totals{"571429000", "571429000", "0"}));
}

TEST_F(QueryTest, GetSupplyTellsStatesAndDeclaredChips) {
  v1::UsageReport report = MakeReport("host", 2 * kSecond);
  AddAssigned(report, "training", "pretrain", {1, 1, 1}, "a100");
  AddFree(report, v1::CHIP_STATE_UNHEALTHY, 3, 1, "a100");
  AddFree(report, v1::CHIP_STATE_RESERVED, 4, 2, "a100");
  AddFree(report, v1::CHIP_STATE_UNASSIGNED, 6, 2, "a100");
  Send(report);
  const v1::GetSupplyResponse supply = Supply();
  ASSERT_EQ(supply.rows_size(), 2);
  const v1::SupplyRow& a100 = supply.rows(1);
  EXPECT_EQ(a100.provider(), "site");
  EXPECT_EQ(a100.chip(), "a100");
  EXPECT_EQ(a100.assigned_micro_chips(), 3'000'000);
  EXPECT_EQ(a100.unhealthy_micro_chips(), 1'000'000);
  EXPECT_EQ(a100.reserved_micro_chips(), 2'000'000);
  EXPECT_EQ(a100.unassigned_micro_chips(), 2'000'000);
  EXPECT_EQ(a100.unheard_micro_chips(), 0);
  EXPECT_EQ(a100.declared_chips(), 32);
  EXPECT_EQ(a100.h100e(), 4);
  EXPECT_EQ(a100.chips_per_h100e(), 2);
  EXPECT_EQ(supply.live_sources(), 1U);
  EXPECT_EQ(supply.known_sources(), 1U);
}

TEST_F(QueryTest, GetPlanTellsSharesAndPools) {
  Context context;
  v1::GetPlanResponse plan;
  ASSERT_TRUE(daemon_.query().GetPlan(&context, {}, &plan).ok());
  EXPECT_EQ(plan.basis().plan(), "test");
  EXPECT_EQ(plan.supply_h100e(), 48);
  ASSERT_EQ(plan.tiers_size(), 4);
  EXPECT_EQ(plan.tiers(1).name(), "p1");
  EXPECT_DOUBLE_EQ(plan.tiers(1).h100e(), 0.3 * 48);
  ASSERT_EQ(plan.categories_size(), 3);
  ASSERT_EQ(plan.pools_size(), 3);
  EXPECT_THAT(plan.pools(0).teams(), testing::ElementsAre("chat", "batch"));
  EXPECT_EQ(plan.pools(0).lendable_ratio(), 0.5);
  EXPECT_EQ(plan.pools(0).borrowing_limit_h100e(), 8);
  EXPECT_FALSE(plan.pools(1).has_borrowing_limit_h100e());
}

// --- Watching
// ----------------------------------------------------------------------------------------

v1::HeadroomRequest WatchServing() {
  v1::HeadroomRequest request;
  request.set_pool("serving");
  request.set_interval_millis(100);
  return request;
}

TEST_F(QueryTest, AWatchAnswersAtOnceAndThenOnChange) {
  Context context;
  const auto watch = daemon_.query().WatchHeadroom(&context, WatchServing());
  v1::HeadroomResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_FALSE(response.pool().has_headroom_h100e());
  EXPECT_EQ(response.pool().coverage_ratio(), 0);
  Assign("host", 4);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.pool().headroom_h100e(), 12);
  // The same again changes nothing but what is counted: the next answer is about the next change.
  const int64_t as_of = response.basis().as_of_unix_nanos();
  v1::UsageReport same = MakeReport("host", kSecond / 2, kSecond / 4);
  AddAssigned(same, "serving", "chat", std::vector<double>(4, 0.5));
  Send(same);
  Assign("other", 2);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.pool().headroom_h100e(), 10);
  EXPECT_GT(response.basis().as_of_unix_nanos(), as_of);
  context.TryCancel();
  EXPECT_EQ(watch->Finish().error_code(), StatusCode::CANCELLED);
}

TEST_F(QueryTest, AWatchOfAnUnknownPoolEndsWithTheirNames) {
  Context context;
  v1::HeadroomRequest request;
  request.set_pool("nowhere");
  const auto watch = daemon_.query().WatchHeadroom(&context, request);
  v1::HeadroomResponse response;
  EXPECT_FALSE(watch->Read(&response));
  const grpc::Status status = watch->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("expected one of: serving, evals, training"));
}

TEST_F(QueryTest, AWatchEndsWithTheDaemon) {
  Context context;
  const auto watch = daemon_.query().WatchHeadroom(&context, WatchServing());
  v1::HeadroomResponse response;
  ASSERT_TRUE(watch->Read(&response));
  daemon_.process().Signal(SIGTERM);
  EXPECT_FALSE(watch->Read(&response));
  const grpc::Status status = watch->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE) << status.error_message();
  EXPECT_THAT(status.error_message(), HasSubstr("the daemon is stopping"));
  EXPECT_EQ(daemon_.process().Wait(std::chrono::seconds(30)), 0);
}

TEST_F(QueryTest, CancelledWatchesLeaveTheDaemonWell) {
  for (int i = 0; i < 20; ++i) {
    Context context;
    const auto watch = daemon_.query().WatchHeadroom(&context, WatchServing());
    v1::HeadroomResponse response;
    if (i % 2 == 0) {
      ASSERT_TRUE(watch->Read(&response));
    }
    context.TryCancel();
    EXPECT_EQ(watch->Finish().error_code(), StatusCode::CANCELLED);
  }
  Assign("host", 4);
  EXPECT_EQ(Headroom("serving").pool().headroom_h100e(), 12);
  EXPECT_EQ(daemon_.Stop(), 0);
}

// --- Health
// ------------------------------------------------------------------------------------------

// What grpc.health.v1.Health/Check says of a service, or of the whole server: 1 is SERVING.
int HealthOf(const std::string& address, const std::string& service = "") {
  grpc::GenericStub stub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  // HealthCheckRequest has a string of number 1; the answer's only field is an enum of number 1.
  std::string request;
  if (!service.empty()) request = "\x0A" + std::string(1, static_cast<char>(service.size()));
  const grpc::Slice slice(request + service);
  const grpc::ByteBuffer buffer(&slice, 1);
  Context context;
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", buffer, &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  grpc::Slice out;
  if (!status.ok() || !answer.DumpToSingleSlice(&out).ok() || out.size() != 2) return -1;
  return out.begin()[0] == 0x08 ? out.begin()[1] : -1;
}

TEST_F(QueryTest, HealthServiceSaysServing) {
  EXPECT_EQ(HealthOf(daemon_.ingest_address()), 1);
  EXPECT_EQ(HealthOf(daemon_.query_address()), 1);
}

TEST_F(QueryTest, HealthServiceKnowsEachServiceByName) {
  EXPECT_EQ(HealthOf(daemon_.ingest_address(), "fleetmeter.v1.UsageIngest"), 1);
  EXPECT_EQ(HealthOf(daemon_.query_address(), "fleetmeter.v1.Query"), 1);
}

TEST_F(QueryTest, ListenersAnswerForTheirOwnServiceOnly) {
  const auto query = v1::Query::NewStub(
      grpc::CreateChannel(daemon_.ingest_address(), grpc::InsecureChannelCredentials()));
  Context context;
  v1::ListPoolsResponse pools;
  EXPECT_EQ(query->ListPools(&context, {}, &pools).error_code(), StatusCode::UNIMPLEMENTED);
  const auto ingest = v1::UsageIngest::NewStub(
      grpc::CreateChannel(daemon_.query_address(), grpc::InsecureChannelCredentials()));
  EXPECT_EQ(SendUnary(*ingest, RandomStreamId(), {}).status.error_code(),
            StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace fleetmeter::e2e
