#include "daemon/serve/api/api_error.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "daemon/serve/api/message_json.h"

namespace fleetmeter {
namespace {

struct CodeEntry {
  grpc::StatusCode code;
  std::string_view name;
  int http;
};

// As Google's APIs map them (google/rpc/code.proto).
constexpr std::array kCodes = {
    CodeEntry{grpc::StatusCode::OK, "OK", 200},
    CodeEntry{grpc::StatusCode::CANCELLED, "CANCELLED", 499},
    CodeEntry{grpc::StatusCode::UNKNOWN, "UNKNOWN", 500},
    CodeEntry{grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT", 400},
    CodeEntry{grpc::StatusCode::DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", 504},
    CodeEntry{grpc::StatusCode::NOT_FOUND, "NOT_FOUND", 404},
    CodeEntry{grpc::StatusCode::ALREADY_EXISTS, "ALREADY_EXISTS", 409},
    CodeEntry{grpc::StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED", 403},
    CodeEntry{grpc::StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED", 401},
    CodeEntry{grpc::StatusCode::RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED", 429},
    CodeEntry{grpc::StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION", 400},
    CodeEntry{grpc::StatusCode::ABORTED, "ABORTED", 409},
    CodeEntry{grpc::StatusCode::OUT_OF_RANGE, "OUT_OF_RANGE", 400},
    CodeEntry{grpc::StatusCode::UNIMPLEMENTED, "UNIMPLEMENTED", 501},
    CodeEntry{grpc::StatusCode::INTERNAL, "INTERNAL", 500},
    CodeEntry{grpc::StatusCode::UNAVAILABLE, "UNAVAILABLE", 503},
    CodeEntry{grpc::StatusCode::DATA_LOSS, "DATA_LOSS", 500},
};

const CodeEntry& CodeEntryOf(grpc::StatusCode code) {
  for (const CodeEntry& entry : kCodes) {
    if (entry.code == code) return entry;
  }
  return kCodes[2];
}

}  // namespace

int HttpStatus(grpc::StatusCode code) { return CodeEntryOf(code).http; }
std::string_view StatusCodeName(grpc::StatusCode code) { return CodeEntryOf(code).name; }

std::string ErrorJson(const grpc::Status& status) {
  return fmt::format(R"({{"code":"{}","message":{}}})", StatusCodeName(status.error_code()),
                     JsonText(status.error_message()));
}

HttpResponse JsonResponse(std::string json) {
  HttpResponse response;
  response.content_type = "application/json";
  response.body = std::move(json);
  // A browser shows it as nothing else, whatever is in it.
  response.headers = {{"X-Content-Type-Options", "nosniff"},
                      {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}};
  return response;
}

HttpResponse ErrorResponse(const grpc::Status& status) {
  HttpResponse response = JsonResponse(ErrorJson(status) + "\n");
  response.status = HttpStatus(status.error_code());
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace fleetmeter
