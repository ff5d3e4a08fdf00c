#include "daemon/serve/otlp/otlp_call.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "peers/rpc_status.pb.h"

namespace fleetmeter {
namespace {

constexpr int kMostAnswerBytes = 1 << 20;
constexpr size_t kShownOtlpBytes = 400;

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> OtlpCredentials(
    const OtlpOptions& options, int64_t now_unix_seconds) {
  if (!options.tls) return grpc::InsecureChannelCredentials();
  if (options.files.authorities.empty()) return grpc::SslCredentials({});
  const auto material = LoadClientTlsMaterial(options.files, now_unix_seconds);
  if (!material.ok()) return material.status();
  return grpc::SslCredentials({material->authorities, material->key, material->certificate});
}

// What the receiver asks for, if it says so.
std::optional<int64_t> AskedPause(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::RetryInfo info;
    if (!detail.Is<google::rpc::RetryInfo>() || !detail.UnpackTo(&info)) continue;
    constexpr int64_t kMostSeconds = 1'000'000;
    const int64_t seconds = std::clamp<int64_t>(info.retry_delay().seconds(), 0, kMostSeconds);
    const int64_t nanos = std::clamp<int64_t>(info.retry_delay().nanos(), 0, kSecond - 1);
    return seconds * kSecond + nanos;
  }
  return std::nullopt;
}

// Whether the same receiver may take the next attempt.
bool MayPass(grpc::StatusCode code, bool asked_to_wait) {
  switch (code) {
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
      return true;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return asked_to_wait;
    default:
      return false;
  }
}

std::string ShownError(const grpc::Status& status) {
  return fmt::format("code {}, {}", static_cast<int>(status.error_code()),
                     AsciiQuoted(status.error_message(), kShownOtlpBytes));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenOtlpChannel(const OtlpOptions& options,
                                                               int64_t now_unix_seconds) {
  const auto credentials = OtlpCredentials(options, now_unix_seconds);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMostAnswerBytes);
  // An answer that unpacks to many times its size would pass that limit, so none is unpacked.
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  return grpc::CreateCustomChannel("dns:///" + options.target, *credentials, arguments);
}

OtlpOutcome OutcomeOf(const grpc::Status& status,
                      const otlp::ExportMetricsServiceResponse& response) {
  if (!status.ok()) {
    const std::optional<int64_t> asked = AskedPause(status);
    const bool again = MayPass(status.error_code(), asked.has_value());
    return {.result = again ? OtlpResult::kFailed : OtlpResult::kRefused,
            .asked_nanos = again ? asked : std::nullopt,
            .why = ShownError(status)};
  }
  const otlp::ExportMetricsPartialSuccess& partial = response.partial_success();
  OtlpOutcome outcome;
  outcome.rejected_points = std::max<int64_t>(0, partial.rejected_data_points());
  if (outcome.rejected_points > 0) outcome.result = OtlpResult::kPartial;
  if (outcome.rejected_points == 0 && partial.error_message().empty()) return outcome;
  outcome.why = fmt::format("{} points rejected, {}", outcome.rejected_points,
                            AsciiQuoted(partial.error_message(), kShownOtlpBytes));
  return outcome;
}

}  // namespace fleetmeter
