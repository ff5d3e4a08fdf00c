#include "daemon/serve/listen/grpc_listener.h"

#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <utility>

#include "daemon/serve/listen/connection_acceptor.h"

namespace fleetmeter {
namespace {

using AcceptorForGrpc = grpc::experimental::ExternalConnectionAcceptor;

constexpr int kSecondMillis = 1'000;
// Reflection takes a thread for each call that is open, and nothing else does. Beyond this, its
// callers are refused.
constexpr int kMostReflectionThreads = 8;

void ApplyLimits(const GrpcLimits& limits, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(limits.max_message_bytes);
  // gRPC unpacks a message before it compares its size with the limit: 4 MB may become 4 GB.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetResourceQuota(grpc::ResourceQuota("fleetmeterd")
                               .Resize(limits.buffer_bytes)
                               .SetMaxThreads(kMostReflectionThreads));
  const auto set = [&builder](const char* name, int value) {
    builder.AddChannelArgument(name, value);
  };
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.max_streams_per_connection);
  set(GRPC_ARG_MAX_METADATA_SIZE, 8 * 1'024);
  // Also the time that a client has to send its SETTINGS.
  set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10 * kSecondMillis);
  // Connections without a call end; those with one are asked now and then whether they live. Now
  // and then they are made anew, so that a certificate that was withdrawn does not serve for ever;
  // a collector goes on where it was.
  set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 300 * kSecondMillis);
  set(GRPC_ARG_MAX_CONNECTION_AGE_MS, 6 * 3'600 * kSecondMillis);
  set(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 60 * kSecondMillis);
  set(GRPC_ARG_KEEPALIVE_TIME_MS, 30 * kSecondMillis);
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10 * kSecondMillis);
  set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  set(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Who pings more often than this, twice, is cut off.
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10 * kSecondMillis);
  set(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
  set(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // costs a ping a read, gains nothing
}

}  // namespace

GrpcListener::GrpcListener(std::shared_ptr<grpc::ServerCredentials> credentials,
                           std::unique_ptr<ConnectionAcceptor> acceptor,
                           std::unique_ptr<grpc::Server> server,
                           std::vector<std::string> service_names)
    : credentials_(std::move(credentials)),
      acceptor_(std::move(acceptor)),
      server_(std::move(server)),
      address_(acceptor_->address()),
      service_names_(std::move(service_names)) {}

// The acceptor's thread must not hand connections to a server that is gone; and gRPC's own
// destructor would wait for open calls for ever.
GrpcListener::~GrpcListener() { Stop(std::chrono::system_clock::now()); }

absl::StatusOr<std::unique_ptr<GrpcListener>> GrpcListener::Start(
    const std::string& name, const std::string& address,
    std::shared_ptr<grpc::ServerCredentials> credentials, const GrpcLimits& limits,
    const std::vector<ServedService>& services) {
  auto acceptor = ConnectionAcceptor::Listen(address);
  if (!acceptor.ok()) {
    return absl::UnavailableError(
        fmt::format("{} {}", name, std::string(acceptor.status().message())));
  }
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  std::shared_ptr<AcceptorForGrpc> handover =
      builder.experimental().AddExternalConnectionAcceptor(Type::FROM_FD, credentials);
  std::vector<std::string> names;
  for (const ServedService& served : services) {
    builder.RegisterService(&served.service);
    names.push_back(served.name);
  }
  ApplyLimits(limits, builder);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    return absl::InternalError(fmt::format("{} '{}': gRPC did not start", name, address));
  }
  const auto accepted = [handover](int listener, int connection) {
    AcceptorForGrpc::NewConnectionParameters parameters;
    parameters.listener_fd = listener;
    parameters.fd = connection;
    handover->HandleNewConnection(&parameters);
  };
  (*acceptor)->Serve({accepted, limits.on_connection_refused}, limits.descriptor_ceiling);
  return std::unique_ptr<GrpcListener>(new GrpcListener(
      std::move(credentials), *std::move(acceptor), std::move(server), std::move(names)));
}

bool GrpcListener::full() const { return acceptor_->full(); }

std::shared_ptr<grpc::Channel> GrpcListener::InProcessChannel() {
  return server_->InProcessChannel({});
}

void GrpcListener::SetServing(bool serving) {
  serving_ = serving;
  server_->GetHealthCheckService()->SetServingStatus(serving);
  for (const std::string& name : service_names_) {
    server_->GetHealthCheckService()->SetServingStatus(name, serving);
  }
}

void GrpcListener::Stop(std::chrono::system_clock::time_point deadline) {
  SetServing(false);
  stopped_ = true;
  acceptor_->Stop();
  server_->Shutdown(deadline);
  server_->Wait();
}

}  // namespace fleetmeter
