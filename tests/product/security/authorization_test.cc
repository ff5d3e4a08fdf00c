// What those who are let in may do: roles, pools, and rules that change.
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>

#include <csignal>

#include "fleetmeter/v1/capacity.pb.h"
#include "fleetmeter/v1/outcomes.pb.h"
#include "fleetmeter/v1/plan.pb.h"
#include "gmock/gmock.h"
#include "tests/product/security/secure_daemon.h"

namespace fleetmeter::e2e {
namespace {

using testing::HasSubstr;

v1::UsageReport ReportFor(const std::string& source, const std::string& pool,
                          const std::string& team) {
  v1::UsageReport report = MakeReport(source, 10 * kSecond);
  AddAssigned(report, pool, team, {0.5});
  return report;
}

class AuthorizationTest : public testing::Test {
 protected:
  std::unique_ptr<v1::UsageIngest::Stub> IngestAs(const std::string& identity) const {
    return secure_.Ingest(secure_.CredentialsOf(identity));
  }
  void Reload(const std::string& rules, const std::string& result = "ok") {
    const auto reloads = [&] {
      return secure_.daemon().ScrapeMetrics().Value("fleetmeter_config_reloads_total",
                                                    {{"result", result}});
    };
    const auto before = reloads();
    secure_.WriteRules(rules);
    secure_.daemon().process().Signal(SIGHUP);
    ASSERT_TRUE(Eventually([&] { return reloads() > before; }));
  }

  SecureDaemon secure_;
};

TEST_F(AuthorizationTest, AnotherHostsPoolIsRefusedWhole) {
  const auto stub = IngestAs(kHostA);
  const auto counted = secure_.Counted();
  const std::string id = RandomStreamId();
  const std::vector<v1::UsageReport> reports = {
      Numbered(GoodReport("a"), 1), Numbered(ReportFor("b", "training", "pretrain"), 2)};
  const UnaryAnswer unary = SendUnary(*stub, id, reports);
  EXPECT_EQ(unary.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  for (const char* named : {kHostA, "\"training\"", "reports[1].groups[0].pool"}) {
    EXPECT_THAT(unary.status.error_message(), HasSubstr(named));
  }
  EXPECT_EQ(secure_.Counted(), counted);
  EXPECT_EQ(secure_.Denied("ingest", "pool"), 1);
  EXPECT_TRUE(
      secure_.AwaitAudit({"reason=pool role=ingest", kHostA, "pool=\"training\"",
                          "field=\"reports[1].groups[0].pool\"", "peer=\"ipv4:127.0.0.1:"}));
  // The books know nothing of it: the same sequence is free, also for the good one of the two.
  const UnaryAnswer good = SendUnary(*stub, id, {reports[0]});
  EXPECT_EQ(good.ack.acknowledged_through(), 1U);
  EXPECT_EQ(good.ack.dispositions_size(), 0) << good.ack.ShortDebugString();
}

TEST_F(AuthorizationTest, DemandOfAnotherHostsPoolIsRefused) {
  v1::UsageReport report = GoodReport("a");
  AddWaiting(report, "training", 8);
  const UnaryAnswer unary = SendUnary(*IngestAs(kHostA), RandomStreamId(), {Numbered(report, 1)});
  EXPECT_EQ(unary.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(unary.status.error_message(), HasSubstr("reports[0].demand[0].waiting[0].pool"));
}

TEST_F(AuthorizationTest, AStreamIsAnsweredWhatWasGoodAndThenEnds) {
  StreamClient stream(*IngestAs(kHostA));
  ASSERT_TRUE(stream.Open());
  EXPECT_EQ(stream.Settle({Numbered(GoodReport("a"), 1)}).acknowledged_through(), 1U);
  const auto counted = secure_.Counted();
  ASSERT_TRUE(stream.Send({Numbered(ReportFor("a2", "training", "pretrain"), 2)}));
  EXPECT_EQ(stream.ReadAck(), std::nullopt);
  const grpc::Status end = stream.AwaitEnd();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(end.error_message(), HasSubstr("\"training\""));
  EXPECT_EQ(secure_.Denied("ingest", "pool"), 1);
  StreamClient again(*IngestAs(kHostA), stream.stream_id());
  const auto welcome = again.Open();
  ASSERT_TRUE(welcome);
  EXPECT_EQ(welcome->next_sequence(), 2U);
  EXPECT_EQ(secure_.Counted(), counted);  // both have one open stream
}

TEST_F(AuthorizationTest, UnhealthyChipsOfAnotherPoolAreThatPoolsToo) {
  v1::UsageReport report = MakeReport("a", 10 * kSecond);
  AddFree(report, v1::CHIP_STATE_UNHEALTHY, 0, 1).set_pool("training");
  const UnaryAnswer answer = SendUnary(*IngestAs(kHostA), RandomStreamId(), {Numbered(report, 1)});
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(AuthorizationTest, APoolThatNobodyKnowsIsNotYoursEither) {
  EXPECT_EQ(SendUnary(*IngestAs(kHostA), RandomStreamId(),
                      {Numbered(ReportFor("a", "no\npool\xff", "x"), 1)})
                .status.error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(secure_.AwaitAudit({R"(pool="no\x0apool\xff")"}));
  // Who may report for all pools is told what is wrong with it.
  const UnaryAnswer relay =
      SendUnary(*IngestAs(kRelay), RandomStreamId(), {Numbered(ReportFor("a", "nowhere", "x"), 1)});
  ASSERT_EQ(relay.ack.dispositions_size(), 1);
  EXPECT_EQ(relay.ack.dispositions(0).reason(), "unknown_pool");
}

TEST_F(AuthorizationTest, ChipsWithoutAPoolNeedOnlyTheRole) {
  v1::UsageReport report = MakeReport("c", 10 * kSecond);
  AddFree(report, v1::CHIP_STATE_UNASSIGNED, 0, 4);
  const UnaryAnswer answer =
      SendUnary(*IngestAs("spiffe://example.org/host/c"), RandomStreamId(), {Numbered(report, 1)});
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.ack.dispositions_size(), 0);
}

TEST_F(AuthorizationTest, OutcomesAndHistoryNeedTheRightToAllPools) {
  const auto stub = IngestAs(kHostA);
  const auto counted = secure_.Counted();
  v1::ReportRequest request;
  request.set_stream_id(RandomStreamId());
  const auto send = [&] {
    grpc::ClientContext context;
    v1::ReportResponse response;
    return stub->Report(&context, request, &response);
  };
  // Its own pool gives no right to what the model or the fleet earned.
  request.add_outcomes()->mutable_inference()->add_rows()->set_pool("serving");
  EXPECT_EQ(send().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(send().error_message(), HasSubstr("outcomes[0]"));
  EXPECT_THAT(send().error_message(), HasSubstr("needs the right to report for all pools"));
  request.clear_outcomes();
  *request.add_reports() = Numbered(GoodReport("a"), 1);
  request.set_history(true);
  EXPECT_THAT(send().error_message(), HasSubstr("(history)"));
  EXPECT_EQ(secure_.Counted(), counted);
  request.set_history(false);
  EXPECT_TRUE(send().ok());
}

TEST_F(AuthorizationTest, StreamsOfTwoIdentitiesAreTwoStreams) {
  const std::string id = RandomStreamId();
  EXPECT_EQ(
      SendUnary(*IngestAs(kHostA), id, {Numbered(GoodReport("a"), 1)}).ack.acknowledged_through(),
      1U);
  const UnaryAnswer other =
      SendUnary(*IngestAs(kHostB), id, {Numbered(ReportFor("b", "training", "pretrain"), 1)});
  EXPECT_EQ(other.ack.acknowledged_through(), 1U);
  EXPECT_EQ(other.ack.dispositions_size(), 0) << "taken for a duplicate";
}

// Every method that there is, also those that are added later.
TEST_F(AuthorizationTest, NoMethodOfAListenerIsOpenToAnotherRole) {
  const auto code = [](const std::shared_ptr<grpc::Channel>& channel, const std::string& method) {
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareCall(&context, method, &queue);
    const auto await = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    call->StartCall(nullptr);
    await();
    const grpc::Slice empty;
    call->WriteLast(grpc::ByteBuffer(&empty, 1), {}, nullptr);
    await();
    grpc::Status status;
    call->Finish(&status, nullptr);
    await();
    return status.error_code();
  };
  const auto& daemon = secure_.daemon();
  const struct {
    const google::protobuf::ServiceDescriptor* service;
    std::string address;
    std::vector<std::string> others;
  } kListeners[] = {
      {v1::StreamRequest::descriptor()->file()->service(0),
       daemon.ingest_address(),
       {kReader, kOperator, "spiffe://example.org/stranger"}},
      {v1::ListPoolsRequest::descriptor()->file()->service(0),
       daemon.query_address(),
       {kHostA, kRelay, kOperator, "spiffe://example.org/stranger"}},
      {v1::CompareRequest::descriptor()->file()->service(0),
       daemon.query_address(),
       {kHostA, kRelay, kOperator, "spiffe://example.org/stranger"}},
      {v1::GetMarginRequest::descriptor()->file()->service(0),
       daemon.query_address(),
       {kHostA, kRelay, kOperator, "spiffe://example.org/stranger"}},
      {v1::ListCapacityRequest::descriptor()->file()->service(0),
       daemon.query_address(),
       {kHostA, kRelay, kOperator, "spiffe://example.org/stranger"}},
      {v1::ReloadRequest::descriptor()->file()->service(0),
       daemon.admin_address(),
       {kHostA, kRelay, kReader, "spiffe://example.org/stranger"}},
  };
  const auto counted = secure_.Counted();
  for (const auto& listener : kListeners) {
    ASSERT_GT(listener.service->method_count(), 0);
    for (const std::string& identity : listener.others) {
      const auto channel = SecureDaemon::Connect(listener.address, secure_.CredentialsOf(identity));
      for (int i = 0; i < listener.service->method_count(); ++i) {
        const std::string method =
            "/" + listener.service->full_name() + "/" + listener.service->method(i)->name();
        EXPECT_EQ(code(channel, method), grpc::StatusCode::PERMISSION_DENIED)
            << method << " as " << identity;
      }
    }
  }
  EXPECT_EQ(secure_.Denied("ingest", "role"), 3 * 3);
  EXPECT_GE(secure_.Denied("query", "role"), (5 + 3) * 4);
  EXPECT_GE(secure_.Denied("admin", "role"), 1 * 4);
  EXPECT_TRUE(secure_.AwaitAudit({"reason=role role=query", kHostA}));
  EXPECT_TRUE(Eventually([&] { return secure_.Counted() == counted; }));
}

TEST_F(AuthorizationTest, RulesAreReloadedAndHoldForOpenStreams) {
  StreamClient stream(*IngestAs(kHostA));
  ASSERT_TRUE(stream.Open());
  EXPECT_EQ(stream.Settle({Numbered(GoodReport("a"), 1)}).acknowledged_through(), 1U);

  Reload(Replaced(DefaultRules(), "pools: [serving]", "pools: [serving, training]"));
  EXPECT_EQ(
      stream.Settle({Numbered(ReportFor("a2", "training", "pretrain"), 2)}).acknowledged_through(),
      2U);
  Reload(Replaced(DefaultRules(), "pools: [serving]", "pools: [training]"));
  ASSERT_TRUE(stream.Send({Numbered(GoodReport("a3"), 3)}));
  EXPECT_EQ(stream.ReadAck(), std::nullopt);
  EXPECT_EQ(stream.AwaitEnd().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(AuthorizationTest, WhoLosesHisRoleIsOutAtOnce) {
  const auto query = secure_.Query(secure_.CredentialsOf(kReader));
  ASSERT_TRUE(CallListPools(*query).ok());
  grpc::ClientContext context;
  v1::HeadroomRequest request;
  request.set_pool("serving");
  request.set_interval_millis(100);
  const auto watch = query->WatchHeadroom(&context, request);
  v1::HeadroomResponse answer;
  ASSERT_TRUE(watch->Read(&answer));
  Reload(Replaced(DefaultRules(), kReader, "spiffe://example.org/ops/somebody-else"));
  EXPECT_EQ(CallListPools(*query).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  while (watch->Read(&answer)) {
  }
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(AuthorizationTest, BadRulesChangeNothing) {
  Reload("  - {identity: local, roles: [query]}\n", "failed");
  EXPECT_TRUE(CallListPools(*secure_.Query(secure_.CredentialsOf(kReader))).ok());
}

TEST_F(AuthorizationTest, TakingTlsOutOfTheFileOpensNothing) {
  secure_.daemon().Configure({.ingest = {"accept_replay: true"}, .listen = {"admin: 127.0.0.1:0"}});
  secure_.daemon().process().Signal(SIGHUP);
  ASSERT_TRUE(Eventually([&] {
    return secure_.Log().find("these settings take a restart: tls") != std::string::npos &&
           secure_.daemon().ScrapeMetrics().Value("fleetmeter_config_reloads_total",
                                                  {{"result", "ok"}}) >= 2;
  }));
  EXPECT_EQ(CallListPools(*secure_.Query(secure_.CredentialsOf(kHostA))).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(CallListPools(*secure_.Query(secure_.CredentialsOf(kReader))).ok());
  EXPECT_EQ(CallListPools(*secure_.Query(grpc::InsecureChannelCredentials())).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace fleetmeter::e2e
