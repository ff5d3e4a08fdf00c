#include "daemon/ctl/admin_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "daemon/ctl/print/text_cells.h"
#include "fleetmeter/v1/admin.grpc.pb.h"

namespace fleetmeter::ctl {

absl::StatusOr<v1::ReloadResponse> AskReload(const std::string& address,
                                             std::chrono::nanoseconds timeout,
                                             const ClientTls& tls) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto credentials = MakeChannelCredentials(tls, &arguments);
  if (!credentials.ok()) return credentials.status();
  const auto stub = v1::Admin::NewStub(grpc::CreateCustomChannel(address, *credentials, arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  v1::ReloadResponse response;
  const grpc::Status status = stub->Reload(&context, {}, &response);
  if (status.ok()) return response;
  const std::string said = Printable(status.error_message());
  switch (status.error_code()) {
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return absl::PermissionDeniedError(
          fmt::format("fleetmeterd at {} does not let us operate it: {}", address, said));
    default:
      return absl::UnavailableError(
          fmt::format("cannot have fleetmeterd at {} reload: {}; is that its listen.admin? Set "
                      "--admin-address or FLEETMETER_ADMIN_ADDRESS",
                      address, said));
  }
}

}  // namespace fleetmeter::ctl
