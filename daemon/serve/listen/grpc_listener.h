// A gRPC server with services of ours, the health service, reflection and the daemon's limits.
// Reflection tells the messages of our protos, and no number.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace grpc {
class Channel;
class Server;
class ServerCredentials;
class Service;
}  // namespace grpc

namespace fleetmeter {

class ConnectionAcceptor;

struct GrpcLimits {
  int max_message_bytes = 4 << 20;
  int max_streams_per_connection = 64;
  // Of gRPC's own buffers. Beyond it, gRPC reads less and refuses connections.
  size_t buffer_bytes = size_t{256} << 20;
  // See ConnectionAcceptor::Serve.
  int descriptor_ceiling = 1 << 20;
  std::function<void()> on_connection_refused = [] {};
};

// A service and its full name, which is what the health service calls it. Outlives the listener.
struct ServedService {
  grpc::Service& service;
  std::string name;
};

class GrpcListener {
 public:
  // `name` is the key of the setting, for errors.
  static absl::StatusOr<std::unique_ptr<GrpcListener>> Start(
      const std::string& name, const std::string& address,
      std::shared_ptr<grpc::ServerCredentials> credentials, const GrpcLimits& limits,
      const std::vector<ServedService>& services);
  // Cancels what is open, unless it was stopped before.
  ~GrpcListener();

  // "127.0.0.1:7443": where it listens.
  const std::string& address() const { return address_; }
  const std::vector<std::string>& service_names() const { return service_names_; }

  // As many connections are open as may be, and new ones are refused.
  bool full() const;

  // Calls of the process to itself, past the listening socket and its credentials. Not after Stop:
  // gRPC would jump into what is gone.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // What the health service says of the services, and of the server as a whole.
  void SetServing(bool serving);
  bool stopped() const { return stopped_; }
  // What it was last told to say.
  bool serving() const { return serving_; }

  // Waits for open calls until the deadline, then cancels them. Returns when their handlers have
  // ended. A second time it does nothing.
  void Stop(std::chrono::system_clock::time_point deadline);

 private:
  GrpcListener(std::shared_ptr<grpc::ServerCredentials> credentials,
               std::unique_ptr<ConnectionAcceptor> acceptor, std::unique_ptr<grpc::Server> server,
               std::vector<std::string> service_names);

  // gRPC keeps only what is inside of it, and asks us for certificates as long as it serves.
  const std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::unique_ptr<ConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  std::vector<std::string> service_names_;
  std::atomic<bool> serving_ = false;
  std::atomic<bool> stopped_ = false;
};

}  // namespace fleetmeter
