// The service with a real writer, asked over gRPC as "local" and, by rules, as somebody.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/serve/metrics/daemon_metrics.h"
#include "daemon/serve/query/capacity_service.h"
#include "tests/unit/accounting/writer_fixture.h"
#include "tests/unit/serve/query/capacity_forms.h"

namespace fleetmeter {

inline AccessRule Reader(const std::string& name) {
  AccessRule rule;
  rule.identity = "spiffe://example.org/" + name;
  rule.roles = {Role::kQuery};
  return rule;
}

// "all" sees all pools, "beta" one.
inline std::vector<AccessRule> Readers() {
  AccessRule beta = Reader("beta");
  beta.sees = {{"beta"}};
  return {Reader("all"), beta};
}

class CapacityServiceFixture : public WriterTest {
 protected:
  void SetUp() override { Start(100); }
  void TearDown() override {
    if (server_) server_->Shutdown();
    writer_->Stop();
  }
  void Start(size_t queue_reports) {
    StartWriter(queue_reports);
    questions_ = std::make_unique<LedgerQuestions>(nullptr, *writer_, metrics_, clock_);
    open_service_ = std::make_unique<CapacityService>(*writer_, *questions_, open_);
    ruled_service_ = std::make_unique<CapacityService>(*writer_, *questions_, ruled_);
    grpc::ServerBuilder builder;
    builder.RegisterService(open_service_.get());
    server_ = builder.BuildAndStart();
    stub_ = v1::Capacity::NewStub(server_->InProcessChannel({}));
  }

  template <class Request, class Response>
  grpc::Status Call(grpc::Status (v1::Capacity::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    return (stub_.get()->*method)(&context, request, response);
  }
  // What needs no ledger is answered at once.
  template <class Request, class Response>
  grpc::Status AskAs(const std::string& name, const Request& request, Response* response) {
    grpc::Status answered(grpc::StatusCode::UNKNOWN, "not answered");
    ruled_service_->Ask({.identity = "spiffe://example.org/" + name,
                         .peer = "test",
                         .not_after_unix_seconds = std::nullopt},
                        request, response, [&](const grpc::Status& status) { answered = status; });
    return answered;
  }

  grpc::Status Submit(const v1::CapacityForm& form, v1::ChangeCapacityResponse* response) {
    v1::SubmitCapacityRequest request;
    *request.mutable_form() = form;
    return Call(&v1::Capacity::Stub::Submit, request, response);
  }
  void MustSubmit(const v1::CapacityForm& form) {
    v1::ChangeCapacityResponse response;
    const grpc::Status status = Submit(form, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  grpc::Status Decide(const std::string& id, int64_t chips, std::optional<int64_t> revision,
                      v1::ChangeCapacityResponse* response) {
    v1::DecideCapacityRequest request;
    request.set_reason("The committee met.");
    v1::CapacityDecision& decision = *request.add_decisions();
    decision.set_request_id(id);
    decision.set_chips(chips);
    if (revision) decision.set_revision(*revision);
    return Call(&v1::Capacity::Stub::Decide, request, response);
  }

  std::vector<std::string> Listed(const v1::ListCapacityRequest& request) {
    v1::ListCapacityResponse response;
    const grpc::Status status = AskAs("all", request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> ids;
    for (const v1::CapacityRequest& each : response.requests()) {
      ids.push_back(each.form().request_id());
    }
    return ids;
  }

  DaemonMetrics metrics_;
  AuditLog audit_{AuditLog::DefaultLogger(), clock_};
  AccessControl open_{AccessPolicy::OpenToAll(), audit_, metrics_.access(), clock_};
  AccessControl ruled_{AccessPolicy("example.org", Readers()), audit_, metrics_.access(), clock_};
  std::unique_ptr<LedgerQuestions> questions_;
  std::unique_ptr<CapacityService> open_service_;
  std::unique_ptr<CapacityService> ruled_service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::Capacity::Stub> stub_;
};

}  // namespace fleetmeter
