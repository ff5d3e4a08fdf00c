#include "collectors/live/grpc_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr int kReconnectMillis = 100;
constexpr int kConnectMillis = 5'000;
constexpr size_t kShownErrorBytes = 400;
// What is left for taking the answer to pieces.
constexpr auto kMargin = std::chrono::milliseconds(100);
constexpr int kMarginShare = 10;

}  // namespace

std::shared_ptr<grpc::Channel> OpenGrpcChannel(const std::string& target,
                                               int64_t max_message_bytes) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(max_message_bytes));
  // An answer that unpacks to many times its size would pass that limit, so none is unpacked.
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Looks are seconds apart, so a server that came back is found at the next one.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMillis);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMillis);
  // Servers in Go refuse the path of a socket as the name of a host.
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

void SetGrpcDeadline(std::chrono::steady_clock::time_point deadline, grpc::ClientContext& context) {
  using std::chrono::system_clock;
  const auto left = deadline - std::chrono::steady_clock::now();
  context.set_deadline(system_clock::now() +
                       std::chrono::duration_cast<system_clock::duration>(left));
}

std::chrono::steady_clock::time_point BeforeDeadline(
    std::chrono::steady_clock::time_point deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  return deadline - std::min<std::chrono::steady_clock::duration>(kMargin, left / kMarginShare);
}

absl::Status GrpcStatus(const grpc::Status& status, std::string_view asked,
                        std::string_view expected) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      fmt::format("{}: {}; expected {}", asked,
                                  AsciiQuoted(status.error_message(), kShownErrorBytes), expected));
}

bool IsConnectionRefused(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE &&
         status.error_message().find("Connection refused") != std::string::npos;
}

}  // namespace fleetmeter::collector
