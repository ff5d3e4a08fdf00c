#include "daemon/app/grpc_listener.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <utility>

namespace fleetmeter {
namespace {

void ApplyLimits(const GrpcLimits& limits, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(limits.max_message_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.max_streams_per_connection);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 8 * 1024);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 300'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // costs a ping a read, gains nothing
  // Two daemons on one port would each count half of the fleet.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace

GrpcListener::GrpcListener(std::unique_ptr<grpc::Server> server, std::string address,
                           std::string service_name)
    : server_(std::move(server)),
      address_(std::move(address)),
      service_name_(std::move(service_name)) {}

GrpcListener::~GrpcListener() = default;

absl::StatusOr<std::unique_ptr<GrpcListener>> GrpcListener::Start(const std::string& name,
                                                                  const std::string& address,
                                                                  const GrpcLimits& limits,
                                                                  grpc::Service& service,
                                                                  std::string service_name) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  ApplyLimits(limits, builder);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return absl::UnavailableError(
        fmt::format("{} '{}': cannot listen there; is the port taken?", name, address));
  }
  std::string bound = fmt::format("{}:{}", address.substr(0, address.rfind(':')), port);
  return std::unique_ptr<GrpcListener>(
      new GrpcListener(std::move(server), std::move(bound), std::move(service_name)));
}

void GrpcListener::SetServing(bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(serving);
  server_->GetHealthCheckService()->SetServingStatus(service_name_, serving);
}

void GrpcListener::Stop(std::chrono::system_clock::time_point deadline) {
  SetServing(false);
  server_->Shutdown(deadline);
  server_->Wait();
}

}  // namespace fleetmeter
