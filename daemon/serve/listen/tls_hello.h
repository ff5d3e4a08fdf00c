// Does a TLS server answer at an address?
#pragma once

#include <chrono>
#include <string>

#include "absl/status/status.h"

namespace fleetmeter {

// Connects to "host:port", sends a ClientHello and reads the first of the answer, which is a
// ServerHello from a server that works. Then hangs up, before any certificate is asked for. Each
// step waits at most `patience`. Unavailable: no such answer, and which step failed.
absl::Status SayTlsHello(const std::string& address, std::chrono::milliseconds patience);

}  // namespace fleetmeter
