// Why a connection to a daemon could not be made, where gRPC says only that the socket was closed:
// which side speaks TLS and which plaintext, and which side refuses whose certificate, and why.
#pragma once

#include <chrono>
#include <string>

#include "daemon/security/client_tls.h"

namespace fleetmeter {

// Connects to `address` ("host:port" or "unix:path") as gRPC would, looks at what comes back, and
// leaves again. A clause such as "the daemon asks for a certificate, and we have none; ...", in
// printable ASCII. Empty: nothing is wrong with how the two sides speak, as far as can be seen in
// that time, or nobody listens. Takes a little longer than `within` at worst, and looks names up.
std::string ExplainFailedConnection(const std::string& address, const ClientTls& tls,
                                    std::chrono::milliseconds within);

}  // namespace fleetmeter
