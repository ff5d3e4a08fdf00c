// A gRPC server with one service, the health service and the daemon's limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace grpc {
class Server;
class Service;
}  // namespace grpc

namespace fleetmeter {

struct GrpcLimits {
  int max_message_bytes = 4 << 20;
  int max_streams_per_connection = 64;
};

class GrpcListener {
 public:
  // `name` is the key of the setting, for errors. `service` outlives the listener; its full name
  // is what the health service calls it.
  static absl::StatusOr<std::unique_ptr<GrpcListener>> Start(const std::string& name,
                                                             const std::string& address,
                                                             const GrpcLimits& limits,
                                                             grpc::Service& service,
                                                             std::string service_name);
  ~GrpcListener();

  // "127.0.0.1:7443": where it listens.
  const std::string& address() const { return address_; }

  // What the health service says of the service, and of the server as a whole.
  void SetServing(bool serving);

  // Waits for open calls until the deadline, then cancels them.
  void Stop(std::chrono::system_clock::time_point deadline);

 private:
  GrpcListener(std::unique_ptr<grpc::Server> server, std::string address, std::string service_name);

  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  std::string service_name_;
};

}  // namespace fleetmeter
