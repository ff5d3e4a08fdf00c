#include "daemon/ctl/query_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

#include "daemon/base/mutex.h"
#include "daemon/ctl/explain_unavailable.h"
#include "daemon/ctl/print/text_cells.h"
#include "fleetmeter/v1/capacity.grpc.pb.h"
#include "fleetmeter/v1/outcomes.grpc.pb.h"
#include "fleetmeter/v1/plan.grpc.pb.h"
#include "fleetmeter/v1/query.grpc.pb.h"

namespace fleetmeter::ctl {
namespace {

constexpr int kMaxMessageBytes = 64 << 20;
// A watch has no deadline: that is how it learns that the daemon hangs. Not more often than the
// daemon puts up with.
constexpr int kKeepaliveMillis = 30'000;

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& address,
                                                           std::chrono::nanoseconds timeout,
                                                           const ClientTls& tls) {
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(std::min<int64_t>(millis, 60'000)));
  // Else a new channel would inherit the waiting time of the one it takes the place of.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto credentials = MakeChannelCredentials(tls, &arguments);
  if (!credentials.ok()) return credentials.status();
  return grpc::CreateCustomChannel(address, *credentials, arguments);
}

// What it said; several lines are below who said them.
std::string Said(const std::string& address, const std::string& text) {
  const bool lines = text.find('\n') != std::string::npos;
  return fmt::format("fleetmeterd at {}:{}{}", address, lines ? '\n' : ' ', text);
}

}  // namespace

struct QueryClient::Impl {
  Impl(std::string address_in, std::chrono::nanoseconds timeout_in, ClientTls tls_in)
      : address(std::move(address_in)), timeout(timeout_in), tls(std::move(tls_in)) {}

  // Fills `channel` if there is none.
  absl::Status Connect() {
    if (channel != nullptr) return absl::OkStatus();
    auto made = MakeChannel(address, timeout, tls);
    if (!made.ok()) return made.status();
    channel = *std::move(made);
    return absl::OkStatus();
  }

  // Makes `context` what Cancel() ends. The caller calls Leave() before the context goes.
  void Enter(grpc::ClientContext* context) {
    MutexLock lock(mutex);
    under_way = context;
    if (cancelled) context->TryCancel();
  }
  void Leave() {
    MutexLock lock(mutex);
    under_way = nullptr;
  }
  bool WasCancelled() {
    MutexLock lock(mutex);
    return cancelled;
  }

  absl::Status Explain(const grpc::Status& status);

  // A method of one of the daemon's services.
  template <class Stub, class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    if (absl::Status status = Connect(); !status.ok()) return status;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    Enter(&context);
    Response response;
    Stub stub(channel);
    const grpc::Status status = (stub.*method)(&context, request, &response);
    Leave();
    if (status.ok()) return response;
    LeaveIfBroken(status);
    return Explain(status);
  }

  // The next call tries at once, however long the channel would have waited after its failures;
  // and with new files, should it be our certificate that has expired.
  void LeaveIfBroken(const grpc::Status& status) {
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE ||
        status.error_code() == grpc::StatusCode::UNAUTHENTICATED) {
      channel.reset();
    }
  }

  const std::string address;
  const std::chrono::nanoseconds timeout;
  const ClientTls tls;

  // Of the thread that calls.
  std::shared_ptr<grpc::Channel> channel;

  Mutex mutex;
  grpc::ClientContext* under_way ABSL_GUARDED_BY(mutex) = nullptr;
  bool cancelled ABSL_GUARDED_BY(mutex) = false;
};

absl::Status QueryClient::Impl::Explain(const grpc::Status& status) {
  const std::string said = PrintableLines(status.error_message());
  switch (status.error_code()) {
    case grpc::StatusCode::NOT_FOUND:
      return absl::NotFoundError(said);
    case grpc::StatusCode::INVALID_ARGUMENT:
      return absl::InvalidArgumentError(Said(address, said));
    case grpc::StatusCode::FAILED_PRECONDITION:
      return absl::FailedPreconditionError(Said(address, said));
    case grpc::StatusCode::ABORTED:
      return absl::AbortedError(Said(address, said));
    case grpc::StatusCode::ALREADY_EXISTS:
      return absl::AlreadyExistsError(Said(address, said));
    case grpc::StatusCode::CANCELLED:
      return absl::CancelledError(fmt::format("the call to {} was cancelled", address));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::UnavailableError(
          fmt::format("cannot reach fleetmeterd at {}: no answer within {} s; is it busy, or "
                      "--timeout too short?",
                      address, std::chrono::duration<double>(timeout).count()));
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::UnimplementedError(fmt::format(
          "{} does not answer queries; --address takes fleetmeterd's listen.query, not its "
          "listen.ingest (or the daemon is older than what was asked)",
          address));
    case grpc::StatusCode::UNAVAILABLE:
      if (const std::string why = ExplainUnavailable(address, tls, status); !why.empty()) {
        return absl::UnavailableError(
            fmt::format("cannot reach fleetmeterd at {}: {}", address, why));
      }
      return absl::UnavailableError(
          fmt::format("cannot reach fleetmeterd at {}: {}; is it running, and is that its "
                      "listen.query? Set --address or FLEETMETER_ADDRESS",
                      address, CauseOf(said)));
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return absl::PermissionDeniedError(
          fmt::format("fleetmeterd at {} does not let us ask: {}", address, said));
    default:
      return absl::UnknownError(fmt::format("fleetmeterd at {} answered with an error: {} ({})",
                                            address, said, static_cast<int>(status.error_code())));
  }
}

QueryClient::QueryClient(const std::string& address, std::chrono::nanoseconds timeout,
                         const ClientTls& tls)
    : impl_(std::make_unique<Impl>(address, timeout, tls)) {}

QueryClient::QueryClient(const Connection& connection)
    : QueryClient(connection.address, connection.timeout, connection.tls) {}

QueryClient::~QueryClient() = default;

absl::StatusOr<v1::ListPoolsResponse> QueryClient::ListPools() {
  return impl_->Call(&v1::Query::Stub::ListPools, v1::ListPoolsRequest());
}

absl::StatusOr<v1::HeadroomResponse> QueryClient::GetHeadroom(const std::string& pool) {
  v1::HeadroomRequest request;
  request.set_pool(pool);
  return impl_->Call(&v1::Query::Stub::GetHeadroom, request);
}

absl::StatusOr<v1::ListHoldersResponse> QueryClient::ListHolders(const std::string& pool) {
  v1::ListHoldersRequest request;
  request.set_pool(pool);
  return impl_->Call(&v1::Query::Stub::ListHolders, request);
}

absl::StatusOr<v1::GetSupplyResponse> QueryClient::GetSupply() {
  return impl_->Call(&v1::Query::Stub::GetSupply, v1::GetSupplyRequest());
}

absl::StatusOr<v1::GetPlanResponse> QueryClient::GetPlan() {
  return impl_->Call(&v1::Query::Stub::GetPlan, v1::GetPlanRequest());
}

absl::StatusOr<v1::CompareResponse> QueryClient::Compare() {
  return impl_->Call(&v1::Plan::Stub::Compare, v1::CompareRequest());
}

absl::StatusOr<v1::SimulateResponse> QueryClient::Simulate(const v1::SimulateRequest& request) {
  return impl_->Call(&v1::Plan::Stub::Simulate, request);
}

absl::StatusOr<v1::MarginReport> QueryClient::GetMargin(const v1::GetMarginRequest& request) {
  return impl_->Call(&v1::Outcomes::Stub::GetMargin, request);
}

absl::StatusOr<v1::CapabilityReport> QueryClient::GetCapability(
    const v1::GetCapabilityRequest& request) {
  return impl_->Call(&v1::Outcomes::Stub::GetCapability, request);
}

absl::StatusOr<v1::BookedOutcomes> QueryClient::GetBooked(const v1::GetBookedRequest& request) {
  return impl_->Call(&v1::Outcomes::Stub::GetBooked, request);
}

absl::StatusOr<v1::Prices> QueryClient::GetPrices(const v1::GetPricesRequest& request) {
  return impl_->Call(&v1::Outcomes::Stub::GetPrices, request);
}

absl::StatusOr<v1::Corrections> QueryClient::GetCorrections(
    const v1::GetCorrectionsRequest& request) {
  return impl_->Call(&v1::Outcomes::Stub::GetCorrections, request);
}

absl::StatusOr<v1::CheckCapacityResponse> QueryClient::CheckCapacity(
    const v1::CheckCapacityRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::Check, request);
}

absl::StatusOr<v1::ChangeCapacityResponse> QueryClient::SubmitCapacity(
    const v1::SubmitCapacityRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::Submit, request);
}

absl::StatusOr<v1::ChangeCapacityResponse> QueryClient::WithdrawCapacity(
    const v1::WithdrawCapacityRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::Withdraw, request);
}

absl::StatusOr<v1::ChangeCapacityResponse> QueryClient::RankCapacity(
    const v1::RankCapacityRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::Rank, request);
}

absl::StatusOr<v1::ChangeCapacityResponse> QueryClient::DecideCapacity(
    const v1::DecideCapacityRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::Decide, request);
}

absl::StatusOr<v1::ChangeCapacityResponse> QueryClient::ReleaseCapacity(
    const v1::ReleaseCapacityRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::Release, request);
}

absl::StatusOr<v1::ListCapacityResponse> QueryClient::ListCapacity(
    const v1::ListCapacityRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::List, request);
}

absl::StatusOr<v1::GetCapacityResponse> QueryClient::GetCapacity(
    const v1::GetCapacityRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::Get, request);
}

absl::StatusOr<v1::GetRankingResponse> QueryClient::GetRanking(
    const v1::GetRankingRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::GetRanking, request);
}

absl::StatusOr<v1::GetTimelineResponse> QueryClient::GetTimeline(
    const v1::GetTimelineRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::GetTimeline, request);
}

absl::StatusOr<v1::ListGrantsResponse> QueryClient::ListGrants(
    const v1::ListGrantsRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::ListGrants, request);
}

absl::StatusOr<v1::GetResultsResponse> QueryClient::GetResults(
    const v1::GetResultsRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::GetResults, request);
}

absl::StatusOr<v1::ListBudgetsResponse> QueryClient::ListBudgets(
    const v1::ListBudgetsRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::ListBudgets, request);
}

absl::StatusOr<v1::GetLendingResponse> QueryClient::GetLending(
    const v1::GetLendingRequest& request) {
  return impl_->Call(&v1::Capacity::Stub::GetLending, request);
}

absl::Status QueryClient::WatchHeadroom(
    const std::string& pool, std::chrono::milliseconds interval,
    const std::function<absl::Status(const v1::HeadroomResponse&)>& on_answer) {
  v1::HeadroomRequest request;
  request.set_pool(pool);
  request.set_interval_millis(static_cast<uint32_t>(interval.count()));
  if (absl::Status status = impl_->Connect(); !status.ok()) return status;
  grpc::ClientContext context;
  impl_->Enter(&context);
  v1::Query::Stub stub(impl_->channel);
  const auto reader = stub.WatchHeadroom(&context, request);
  v1::HeadroomResponse response;
  absl::Status printed;
  while (printed.ok() && reader->Read(&response)) printed = on_answer(response);
  if (!printed.ok()) context.TryCancel();
  const grpc::Status status = reader->Finish();
  impl_->Leave();
  if (!printed.ok()) return printed;
  if (impl_->WasCancelled()) return absl::OkStatus();
  impl_->LeaveIfBroken(status);
  return status.ok() ? absl::UnavailableError(fmt::format(
                           "fleetmeterd at {} ended the watch; start it again", impl_->address))
                     : impl_->Explain(status);
}

void QueryClient::Cancel() {
  MutexLock lock(impl_->mutex);
  impl_->cancelled = true;
  if (impl_->under_way != nullptr) impl_->under_way->TryCancel();
}

absl::Status CheckAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
  const bool is_number = !port.empty() && port.size() <= 5 &&
                         port.find_first_not_of("0123456789") == std::string::npos;
  if (address.starts_with("unix:") && address.size() > 5) return absl::OkStatus();
  if (colon != 0 && is_number && std::stoi(port) >= 1 && std::stoi(port) <= 65'535) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "'{}' is not an address; expected host:port, such as 127.0.0.1:7444", Printable(address)));
}

}  // namespace fleetmeter::ctl
