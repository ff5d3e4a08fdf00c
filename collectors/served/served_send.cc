#include <grpcpp/grpcpp.h>

#include <memory>

#include "collectors/served/served_delivery.h"
#include "fleetmeter/v1/ingest.grpc.pb.h"

namespace fleetmeter::collector {
namespace {

ServedAnswer FailedCall(absl::Status status) {
  ServedAnswer answer;
  answer.status = std::move(status);
  return answer;
}

ServedAnswer SendServed(const ServedDeliveryOptions& options, const v1::ReportRequest& request) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  const auto credentials = MakeChannelCredentials(options.tls, &arguments);
  if (!credentials.ok()) return FailedCall(credentials.status());
  const auto stub =
      v1::UsageIngest::NewStub(grpc::CreateCustomChannel(options.daemon, *credentials, arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + options.call_timeout);
  v1::ReportResponse response;
  const grpc::Status status = stub->Report(&context, request, &response);
  if (!status.ok()) {
    return FailedCall(
        absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                     "fleetmeterd at " + options.daemon + ": " + status.error_message()));
  }
  ServedAnswer answer;
  answer.ack = std::move(*response.mutable_ack());
  return answer;
}

}  // namespace

ServedDelivery::Send SendServedOverGrpc(const ServedDeliveryOptions& options) {
  return [options](const v1::ReportRequest& request) { return SendServed(options, request); };
}

}  // namespace fleetmeter::collector
