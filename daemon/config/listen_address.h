// "host:port" of a listener.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fleetmeter {

struct ListenAddress {
  std::string host;  // an IPv4 address, an IPv6 address without brackets, or "localhost"
  uint16_t port = 0;
};

// InvalidArgument for what is not "host:port" of this machine's loopback: without TLS anyone who
// can reach the port could report usage and read the books.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

}  // namespace fleetmeter
