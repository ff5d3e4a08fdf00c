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
  bool loopback = false;  // whether only this machine can reach it
};

// InvalidArgument for what is not "host:port" with such a host: other names would be looked up, and
// may come to mean another machine.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

}  // namespace fleetmeter
