#include "daemon/ctl/import/import_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <charconv>
#include <thread>
#include <utility>

#include "daemon/ctl/explain_unavailable.h"
#include "daemon/ctl/print/text_cells.h"
#include "fleetmeter/v1/ingest.grpc.pb.h"

namespace fleetmeter::ctl {
namespace {

constexpr int kMaxImportMessageBytes = 64 << 20;
constexpr int kLongestReconnectMillis = 2'000;
constexpr char kPushback[] = "grpc-retry-pushback-ms";

// gRPC's own client would take the hint's absence for 0.
std::optional<std::chrono::milliseconds> PushbackOf(const grpc::ClientContext& context) {
  const auto& trailing = context.GetServerTrailingMetadata();
  const auto found = trailing.find(kPushback);
  if (found == trailing.end()) return std::nullopt;
  const char* begin = found->second.data();
  const char* end = begin + found->second.size();
  int64_t millis = 0;
  const auto [stop, error] = std::from_chars(begin, end, millis);
  if (error != std::errc() || stop != end || millis < 0) return std::nullopt;
  return std::chrono::milliseconds(millis);
}

}  // namespace

struct ImportClient::Impl {
  std::unique_ptr<v1::UsageIngest::Stub> stub;
  std::string address;
  ClientTls tls;
  std::chrono::nanoseconds timeout;
};

ImportClient::ImportClient(std::shared_ptr<grpc::Channel> channel, std::string address,
                           std::chrono::nanoseconds timeout, ClientTls tls)
    : impl_(new Impl{v1::UsageIngest::NewStub(std::move(channel)), std::move(address),
                     std::move(tls), timeout}) {}
ImportClient::~ImportClient() = default;

absl::StatusOr<std::shared_ptr<grpc::Channel>> ImportClient::Connect(const std::string& address,
                                                                     const ClientTls& tls) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxImportMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxImportMessageBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A daemon that is started anew is found again soon.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectMillis);
  // How often is ours to say: the daemon's hint in the trailing metadata is for us.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  const auto credentials = MakeChannelCredentials(tls, &arguments);
  if (!credentials.ok()) return credentials.status();
  return grpc::CreateCustomChannel(address, *credentials, arguments);
}

ReportAnswer ImportClient::Report(const v1::ReportRequest& request) {
  using Kind = ReportAnswer::Kind;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + impl_->timeout);
  v1::ReportResponse response;
  const grpc::Status status = impl_->stub->Report(&context, request, &response);
  ReportAnswer answer;
  if (status.ok()) {
    answer.kind = Kind::kAck;
    answer.ack = std::move(*response.mutable_ack());
    if (response.has_overlap()) answer.overlap = std::move(*response.mutable_overlap());
    answer.time_zone = response.time_zone();
    for (const std::string& unknown : response.unknown_names()) {
      answer.unknown_names.push_back(Printable(unknown));
    }
    for (const v1::DeclaredChips& declared : response.declared_chips()) {
      answer.declared_chips[declared.chip()] = static_cast<int64_t>(declared.chips());
    }
    return answer;
  }
  const std::string said = Printable(status.error_message());
  answer.error = fmt::format("fleetmeterd at {}: {}", impl_->address, said);
  switch (status.error_code()) {
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      // Without the hint it is the message that is too large.
      if (const auto wait = PushbackOf(context)) {
        answer.kind = Kind::kBusy;
        answer.wait = *wait;
      } else {
        answer.kind = Kind::kTooLarge;
      }
      break;
    case grpc::StatusCode::INVALID_ARGUMENT:
      // Too many reports for how this daemon is configured.
      answer.kind = Kind::kTooLarge;
      break;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::INTERNAL:  // how gRPC tells of a stream that broke
      answer.kind = Kind::kNoAnswer;
      if (const std::string why = ExplainUnavailable(impl_->address, impl_->tls, status);
          !why.empty()) {
        answer.error = fmt::format("fleetmeterd at {}: {}", impl_->address, why);
      }
      break;
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      answer.error =
          fmt::format("fleetmeterd at {} does not let us import: {}", impl_->address, said);
      break;
    case grpc::StatusCode::UNIMPLEMENTED:
      answer.error = fmt::format(
          "what listens at {} takes no reports: {}; is that the daemon's listen.ingest? Set "
          "--ingest-address or FLEETMETER_INGEST_ADDRESS",
          impl_->address, said);
      break;
    default:
      break;
  }
  return answer;
}

absl::StatusOr<v1::CorrectUsageResponse> AskCorrectUsage(const std::string& address,
                                                         const ClientTls& tls,
                                                         std::chrono::nanoseconds timeout,
                                                         const v1::CorrectUsageRequest& request) {
  const auto channel = ImportClient::Connect(address, tls);
  if (!channel.ok()) return channel.status();
  const auto stub = v1::UsageIngest::NewStub(*channel);
  const auto give_up = std::chrono::system_clock::now() + timeout;
  for (;;) {
    grpc::ClientContext context;
    context.set_deadline(give_up);
    v1::CorrectUsageResponse response;
    const grpc::Status status = stub->CorrectUsage(&context, request, &response);
    if (status.ok()) return response;
    const auto wait = PushbackOf(context);
    const bool busy = status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED && wait;
    if (busy && std::chrono::system_clock::now() + *wait < give_up) {
      std::this_thread::sleep_for(*wait);
      continue;
    }
    if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
      return absl::UnimplementedError(fmt::format(
          "fleetmeterd at {} does not know corrections of usage; expected a newer one", address));
    }
    return absl::Status(
        static_cast<absl::StatusCode>(status.error_code()),
        fmt::format("fleetmeterd at {}: {}", address, Printable(status.error_message())));
  }
}

}  // namespace fleetmeter::ctl
