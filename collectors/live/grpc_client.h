// Asking a gRPC server of this machine (the kubelet, libtpu), within bounds: a deadline, a limit on
// what it may answer, no proxy, no compression, and a new attempt to connect for each look.
//
// Functions without state, for any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace grpc {
class Channel;
class ClientContext;
class Status;
}  // namespace grpc

namespace fleetmeter::collector {

// `target`: "host:port" or "unix:/path". Nothing is connected yet. Plaintext: these servers listen
// on loopback and on sockets that the file system protects.
std::shared_ptr<grpc::Channel> OpenGrpcChannel(const std::string& target,
                                               int64_t max_message_bytes);

// The call ends by then.
void SetGrpcDeadline(std::chrono::steady_clock::time_point deadline, grpc::ClientContext& context);

// Shortly before `deadline`, so that an answer that is late is told as such by the source itself.
std::chrono::steady_clock::time_point BeforeDeadline(
    std::chrono::steady_clock::time_point deadline);

// OK, or the error with the same code: "ASKED at TARGET: what came; expected EXPECTED".
absl::Status GrpcStatus(const grpc::Status& status, std::string_view asked,
                        std::string_view expected);

// Whether nobody listens there.
bool IsConnectionRefused(const grpc::Status& status);

}  // namespace fleetmeter::collector
