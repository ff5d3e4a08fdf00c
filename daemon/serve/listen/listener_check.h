// Is a gRPC listener of ours reachable? Asked the way an outsider would.
#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "daemon/serve/listen/grpc_listener.h"

namespace fleetmeter {

// Over a connection made for it, since what breaks first breaks for new connections only: the
// accept loop, descriptors, gRPC's pollers.
//   Without TLS: does the health service say SERVING?
//   With TLS (`tls`): we hold no client's certificate, and to let ourselves in without one would be
//   a door for others as well. So the question is in two parts: does a new connection get as far as
//   the ServerHello, and does the health service say SERVING inside the process, on the same server
//   and threads? What neither part sees is the end of a handshake; a certificate that is not good
//   shows there, and that is not mended by starting anew.
//
// A listener that is full refuses new connections and is well: starting anew would help nobody. The
// same holds for one that was told to say NOT_SERVING: the daemon means it, and answers.
// Waits at most twice `patience`. Unavailable: what failed.
absl::Status CheckListener(GrpcListener& listener, bool tls, std::chrono::milliseconds patience);

}  // namespace fleetmeter
