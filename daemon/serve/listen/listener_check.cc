#include "daemon/serve/listen/listener_check.h"

#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <string>
#include <vector>

#include "daemon/serve/listen/tls_hello.h"

namespace fleetmeter {
namespace {

// Debian ships no grpc/health/v1/health.proto, and the two messages of it are one field each:
// HealthCheckRequest{string service = 1} and HealthCheckResponse{ServingStatus status = 1}.
constexpr char kCheck[] = "/grpc.health.v1.Health/Check";
constexpr char kServing[] = "\x08\x01";
constexpr char kNotServing[] = "\x08\x02";

grpc::ByteBuffer HealthCheckRequest(const std::string& service) {
  const std::string bytes = "\x0a" + std::string(1, static_cast<char>(service.size())) + service;
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string TextOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (!buffer.Dump(&slices).ok()) return text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

absl::Status AskHealth(const GrpcListener& listener, const std::shared_ptr<grpc::Channel>& channel,
                       const std::string& where, std::chrono::milliseconds patience) {
  const std::string& service = listener.service_names().front();
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + patience);
  const grpc::ByteBuffer request = HealthCheckRequest(service);
  grpc::ByteBuffer response;
  // A queue of our own, so that the answer comes to this thread; it comes by the deadline.
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, kCheck, request, &queue);
  call->StartCall();
  grpc::Status status;
  call->Finish(&response, &status, &queue);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  if (!status.ok()) {
    return absl::UnavailableError(fmt::format("{}: health check failed with code {}: {}", where,
                                              static_cast<int>(status.error_code()),
                                              status.error_message()));
  }
  const std::string answer = TextOf(response);
  if (answer == kServing) return absl::OkStatus();
  // A listener that takes no reports at present, such as while the disk is full, says so. It works.
  if (answer == kNotServing && !listener.serving()) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("{}: the health service does not say SERVING of {}", where, service));
}

// Where to reach ourselves: one can listen on "any address" but not connect to it.
std::string Reachable(const std::string& address) {
  if (address.starts_with("0.0.0.0:")) return "127.0.0.1" + address.substr(7);
  if (address.starts_with("[::]:")) return "[::1]" + address.substr(4);
  return address;
}

absl::Status AskFromOutside(const GrpcListener& listener, bool tls,
                            std::chrono::milliseconds patience) {
  const std::string address = Reachable(listener.address());
  if (tls) return SayTlsHello(address, patience);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return AskHealth(
      listener, grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments),
      address, patience);
}

}  // namespace

absl::Status CheckListener(GrpcListener& listener, bool tls, std::chrono::milliseconds patience) {
  absl::Status outside = AskFromOutside(listener, tls, patience);
  if (!outside.ok() && !listener.full()) return outside;
  if (outside.ok() && !tls) return outside;
  if (listener.stopped()) return absl::UnavailableError("the listener was stopped");
  return AskHealth(listener, listener.InProcessChannel(), "in process", patience);
}

}  // namespace fleetmeter
