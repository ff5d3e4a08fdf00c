// Where an OTLP receiver is, as a URL says it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fleetmeter {

struct OtlpEndpoint {
  std::string target;     // "collector.example.org:4317", for gRPC
  bool tls = false;       // https
  bool loopback = false;  // whether it is surely on this machine
};

// InvalidArgument: it is not "http://HOST:PORT" or "https://HOST:PORT".
absl::StatusOr<OtlpEndpoint> ParseOtlpEndpoint(std::string_view url);

}  // namespace fleetmeter
