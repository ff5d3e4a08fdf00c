// A call with one answer, which its reactor gives.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <string>

namespace fleetmeter {

struct UnaryCall {
  grpc::CallbackServerContext* context;
  grpc::ServerUnaryReactor* reactor;

  grpc::ServerUnaryReactor* End(const grpc::Status& status) const {
    reactor->Finish(status);
    return reactor;
  }
  // To be sent again after `millis`.
  grpc::ServerUnaryReactor* Busy(const std::string& detail, uint32_t millis) const {
    context->AddTrailingMetadata("grpc-retry-pushback-ms", std::to_string(millis));
    return End({grpc::StatusCode::RESOURCE_EXHAUSTED, detail});
  }
};

}  // namespace fleetmeter
