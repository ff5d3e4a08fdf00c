// The calls of the API: which path asks which call of the protocol, by whom, and how it is
// answered. api_calls.cc has the one table, which routing, OpenAPI and tests all read.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/security/access_control.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "grpcpp/support/status.h"

namespace fleetmeter {

class AdminService;
class CapacityService;
class OutcomeService;
class PlanService;
class QueryService;

// What answers: the same objects that answer over gRPC. All outlive the calls.
struct ApiServices {
  QueryService& query;
  PlanService& plan;
  OutcomeService& outcomes;
  AdminService& admin;
  CapacityService& capacity;
};

using ApiMessage = google::protobuf::Message;
// Called once, on any thread, with the answer or with why there is none.
using ApiDone =
    std::function<void(const grpc::Status& status, std::shared_ptr<const ApiMessage> answer)>;

struct ApiCall {
  enum class Kind {
    kAnswer,
    kStream,  // of answers, whenever they change
  };

  std::string_view path;  // below /api/v1/, such as "pools"
  std::string_view rpc;   // in full, such as "fleetmeter.v1.Query.ListPools"
  Kind kind = Kind::kAnswer;
  Role role = Role::kQuery;
  std::string_view summary;  // a sentence

  const google::protobuf::Descriptor* request = nullptr;
  const google::protobuf::Descriptor* response = nullptr;
  std::function<std::shared_ptr<ApiMessage>()> make_request;
  // Asks as `caller`, who has been admitted to the role. Of a stream: once.
  std::function<void(const Caller& caller, std::shared_ptr<const ApiMessage> request, ApiDone done)>
      ask;
  // Of a stream: what of an answer makes it another one.
  std::function<std::string(const ApiMessage& answer)> substance;
};

inline constexpr std::string_view kApiPrefix = "/api/v1/";

// In the order of their paths in the reference.
std::vector<ApiCall> MakeApiCalls(const ApiServices& services);

}  // namespace fleetmeter
