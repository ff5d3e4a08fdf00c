#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "daemon/accounting/writer.h"
#include "daemon/ledger/memory_ledger.h"
#include "daemon/serve/api/api_call.h"
#include "daemon/serve/api/api_error.h"
#include "daemon/serve/api/openapi.h"
#include "daemon/serve/metrics/daemon_metrics.h"
#include "daemon/serve/query/admin_service.h"
#include "daemon/serve/query/capacity_service.h"
#include "daemon/serve/query/outcome_service.h"
#include "daemon/serve/query/plan_service.h"
#include "daemon/serve/query/query_service.h"

namespace fleetmeter {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

// What changes something: over gRPC only.
const std::set<std::string> kOrders = {
    "fleetmeter.v1.Admin.Reload",       "fleetmeter.v1.Admin.ForgetSource",
    "fleetmeter.v1.Admin.RenameSource", "fleetmeter.v1.Admin.MoveSource",
    "fleetmeter.v1.Admin.Reprice",      "fleetmeter.v1.Capacity.Submit",
    "fleetmeter.v1.Capacity.Withdraw",  "fleetmeter.v1.Capacity.Rank",
    "fleetmeter.v1.Capacity.Decide",    "fleetmeter.v1.Capacity.Release"};

// Services that nobody asks: a writer that is not started is enough for them.
class ApiCallsTest : public ::testing::Test {
 protected:
  const SystemClock clock_;
  DaemonMetrics metrics_;
  MemoryLedger ledger_;
  Writer writer_{
      {.queue_reports = 1, .commit_reports = 1}, WriterSettings(), clock_, ledger_, metrics_};
  AuditLog audit_{AuditLog::DefaultLogger(), clock_};
  AccessControl access_{AccessPolicy::OpenToAll(), audit_, metrics_.access(), clock_};
  LedgerQuestions questions_{nullptr, writer_, metrics_, clock_};
  QueryService query_{writer_, questions_, access_, metrics_, 1, FairShare::Sharing::kAll};
  PlanService plan_{writer_, access_};
  OutcomeService outcomes_{questions_, writer_, access_};
  AdminService admin_{writer_, questions_, access_, audit_, [] {}};
  CapacityService capacity_{writer_, questions_, access_};
  const std::vector<ApiCall> calls_ = MakeApiCalls({query_, plan_, outcomes_, admin_, capacity_});
};

TEST_F(ApiCallsTest, EveryCallThatOnlyAsksHasAPath) {
  std::set<std::string> expected;
  for (const auto* message :
       {v1::ListPoolsRequest::descriptor(), v1::SimulateRequest::descriptor(),
        v1::GetMarginRequest::descriptor(), v1::ListSourcesRequest::descriptor(),
        v1::ListCapacityRequest::descriptor()}) {
    const auto* service = message->file()->service(0);
    for (int i = 0; i < service->method_count(); ++i) {
      if (!kOrders.contains(service->method(i)->full_name())) {
        expected.insert(service->method(i)->full_name());
      }
    }
  }
  std::set<std::string> called;
  for (const ApiCall& call : calls_) called.insert(std::string(call.rpc));
  EXPECT_THAT(called, UnorderedElementsAreArray(expected));
}

TEST_F(ApiCallsTest, ACallIsOfTheMessagesAndTheRoleOfItsMethod) {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  std::set<std::string_view> paths;
  for (const ApiCall& call : calls_) {
    EXPECT_TRUE(paths.insert(call.path).second) << call.path;
    const auto* method = pool->FindMethodByName(std::string(call.rpc));
    ASSERT_NE(method, nullptr) << call.rpc;
    EXPECT_EQ(method->input_type(), call.request) << call.path;
    EXPECT_EQ(method->output_type(), call.response) << call.path;
    EXPECT_EQ(call.make_request()->GetDescriptor(), call.request) << call.path;
    EXPECT_EQ(call.role, method->service()->name() == "Admin" ? Role::kAdmin : Role::kQuery);
    EXPECT_TRUE(!method->server_streaming() || call.kind == ApiCall::Kind::kStream) << call.path;
    EXPECT_EQ(call.kind == ApiCall::Kind::kStream, call.substance != nullptr);
    EXPECT_TRUE(call.summary.ends_with('.')) << call.path;
  }
}

TEST_F(ApiCallsTest, AQuestionToALedgerInMemoryIsRefused) {
  const auto call = std::find_if(calls_.begin(), calls_.end(),
                                 [](const ApiCall& each) { return each.path == "rejected"; });
  ASSERT_NE(call, calls_.end());
  grpc::Status answered;
  call->ask(Caller{.identity = "local", .peer = "", .not_after_unix_seconds = {}},
            call->make_request(),
            [&](const grpc::Status& status, const auto&) { answered = status; });
  EXPECT_EQ(answered.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(answered.error_message(), HasSubstr("ledger.path"));
}

TEST_F(ApiCallsTest, OpenApiSaysWhatTheTableSays) {
  const json document = json::parse(OpenApiDocument(calls_));
  EXPECT_EQ(document["openapi"], "3.1.0");
  ASSERT_EQ(document["paths"].size(), calls_.size());
  for (const ApiCall& call : calls_) {
    const json& item = document["paths"]["/api/v1/" + std::string(call.path)];
    ASSERT_TRUE(item.contains("get")) << call.path;
    EXPECT_THAT(item["get"]["description"].get<std::string>(), HasSubstr(call.rpc));
    const json& content = item["get"]["responses"]["200"]["content"];
    EXPECT_TRUE(content.contains(call.kind == ApiCall::Kind::kStream ? "text/event-stream"
                                                                     : "application/json"));
    EXPECT_EQ(item.contains("post"),
              call.kind == ApiCall::Kind::kAnswer && call.request->field_count() > 0);
  }
}

// Every reference of the document leads somewhere, and every field of an answer is described.
TEST_F(ApiCallsTest, OpenApiIsWhole) {
  const json document = json::parse(OpenApiDocument(calls_));
  const json& schemas = document["components"]["schemas"];
  const std::function<void(const json&)> check = [&](const json& part) {
    if (part.is_object() && part.contains("$ref")) {
      const std::string name = part["$ref"].get<std::string>();
      EXPECT_TRUE(document.contains(json::json_pointer(name.substr(1)))) << name;
    }
    if (part.is_structured()) {
      for (const json& inner : part) check(inner);
    }
  };
  check(document);
  for (const ApiCall& call : calls_) {
    const json& properties = schemas[call.response->name()]["properties"];
    EXPECT_EQ(properties.size(), static_cast<size_t>(call.response->field_count())) << call.path;
  }
  const json& pool = schemas["Pool"];
  const auto requires_field = [&](const char* name) {
    return std::find(pool["required"].begin(), pool["required"].end(), name) !=
           pool["required"].end();
  };
  EXPECT_TRUE(requires_field("allocatedH100e"));
  EXPECT_FALSE(requires_field("headroomH100e")) << "absent where it is not known";
}

TEST(ApiError, HasTheStatusOfItsCode) {
  const HttpResponse denied =
      ErrorResponse({grpc::StatusCode::PERMISSION_DENIED, "no \"role\" <query>"});
  EXPECT_EQ(denied.status, 403);
  EXPECT_EQ(json::parse(denied.body),
            json({{"code", "PERMISSION_DENIED"}, {"message", "no \"role\" <query>"}}));
  EXPECT_EQ(denied.content_type, "application/json");
  EXPECT_EQ(HttpStatus(grpc::StatusCode::INVALID_ARGUMENT), 400);
  EXPECT_EQ(HttpStatus(grpc::StatusCode::NOT_FOUND), 404);
  EXPECT_EQ(HttpStatus(grpc::StatusCode::RESOURCE_EXHAUSTED), 429);
  EXPECT_EQ(HttpStatus(static_cast<grpc::StatusCode>(31)), 500);
}

TEST(ApiError, WhoIsNobodyIsToldHowToBeSomebody) {
  const HttpResponse nobody = ErrorResponse({grpc::StatusCode::UNAUTHENTICATED, "who?"});
  EXPECT_EQ(nobody.status, 401);
  EXPECT_THAT(nobody.headers, ::testing::Contains(::testing::Pair("WWW-Authenticate", "Bearer")));
}

}  // namespace
}  // namespace fleetmeter
