#include "daemon/ctl/admin_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <memory>

#include "daemon/ctl/explain_unavailable.h"
#include "daemon/ctl/print/text_cells.h"
#include "fleetmeter/v1/admin.grpc.pb.h"

namespace fleetmeter::ctl {
namespace {

// The daemon's own words for what is wrong with the question; ours for why there is no answer.
absl::Status StatusOf(const grpc::Status& status, const std::string& address, const ClientTls& tls,
                      const std::string& what) {
  const std::string said = Printable(status.error_message());
  switch (status.error_code()) {
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return absl::PermissionDeniedError(
          fmt::format("fleetmeterd at {} does not let us {}: {}", address, what, said));
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
      return absl::Status(static_cast<absl::StatusCode>(status.error_code()), said);
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::UnimplementedError(fmt::format(
          "fleetmeterd at {} cannot {}: it is of an earlier version, or that is not its "
          "listen.admin",
          address, what));
    default: {
      const std::string why = ExplainUnavailable(address, tls, status);
      return absl::UnavailableError(
          why.empty() ? fmt::format("cannot have fleetmeterd at {} {}: {}; is it running, and is "
                                    "that its listen.admin, which is off unless its configuration "
                                    "sets it? Set --admin-address or FLEETMETER_ADMIN_ADDRESS",
                                    address, what, CauseOf(said))
                      : fmt::format("cannot have fleetmeterd at {} {}: {}", address, what, why));
    }
  }
}

template <class Request, class Response>
absl::StatusOr<Response> Ask(const std::string& address, std::chrono::nanoseconds timeout,
                             const ClientTls& tls, const std::string& what,
                             grpc::Status (v1::Admin::Stub::*method)(grpc::ClientContext*,
                                                                     const Request&, Response*),
                             const Request& request) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(-1);  // a fleet has many sources
  const auto credentials = MakeChannelCredentials(tls, &arguments);
  if (!credentials.ok()) return credentials.status();
  const auto stub = v1::Admin::NewStub(grpc::CreateCustomChannel(address, *credentials, arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  Response response;
  const grpc::Status status = (*stub.*method)(&context, request, &response);
  if (status.ok()) return response;
  return StatusOf(status, address, tls, what);
}

template <class Request, class Response>
absl::StatusOr<Response> Ask(const Connection& connection, const std::string& what,
                             grpc::Status (v1::Admin::Stub::*method)(grpc::ClientContext*,
                                                                     const Request&, Response*),
                             const Request& request) {
  return Ask(connection.admin_address, connection.timeout, connection.tls, what, method, request);
}

}  // namespace

absl::StatusOr<v1::ReloadResponse> AskReload(const std::string& address,
                                             std::chrono::nanoseconds timeout,
                                             const ClientTls& tls) {
  return Ask(address, timeout, tls, "reload", &v1::Admin::Stub::Reload, v1::ReloadRequest());
}

absl::StatusOr<v1::ListSourcesResponse> AskSources(const Connection& connection,
                                                   const v1::ListSourcesRequest& request) {
  return Ask(connection, "list its sources", &v1::Admin::Stub::ListSources, request);
}

absl::StatusOr<v1::ListRejectedResponse> AskRejected(const Connection& connection,
                                                     const v1::ListRejectedRequest& request) {
  return Ask(connection, "list rejected reports", &v1::Admin::Stub::ListRejected, request);
}

absl::StatusOr<v1::DecisionResponse> AskForget(const Connection& connection,
                                               const v1::ForgetSourceRequest& request) {
  return Ask(connection, "forget a source", &v1::Admin::Stub::ForgetSource, request);
}

absl::StatusOr<v1::DecisionResponse> AskRename(const Connection& connection,
                                               const v1::RenameSourceRequest& request) {
  return Ask(connection, "rename a source", &v1::Admin::Stub::RenameSource, request);
}

absl::StatusOr<v1::DecisionResponse> AskMove(const Connection& connection,
                                             const v1::MoveSourceRequest& request) {
  return Ask(connection, "move a source", &v1::Admin::Stub::MoveSource, request);
}

absl::StatusOr<v1::DecisionResponse> AskReprice(const Connection& connection,
                                                const v1::RepriceRequest& request) {
  return Ask(connection, "reprice", &v1::Admin::Stub::Reprice, request);
}

absl::StatusOr<v1::ListEntriesResponse> AskEntries(const Connection& connection) {
  return Ask(connection, "list its entries", &v1::Admin::Stub::ListEntries,
             v1::ListEntriesRequest());
}

}  // namespace fleetmeter::ctl
