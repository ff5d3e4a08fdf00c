// Errors of the API: a status of HTTP by that of gRPC, and a body that says both and why.
#pragma once

#include "daemon/serve/http/http_message.h"
#include "grpcpp/support/status.h"

namespace fleetmeter {

// 400 for INVALID_ARGUMENT, and so on.
int HttpStatus(grpc::StatusCode code);
// "INVALID_ARGUMENT".
std::string_view StatusCodeName(grpc::StatusCode code);

// {"code":"INVALID_ARGUMENT","message":"..."}
std::string ErrorJson(const grpc::Status& status);
HttpResponse ErrorResponse(const grpc::Status& status);

// 200 with a body of JSON.
HttpResponse JsonResponse(std::string json);

}  // namespace fleetmeter
