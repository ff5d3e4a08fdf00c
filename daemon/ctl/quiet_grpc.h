// gRPC's own log on standard error, which is for our sentences.
#pragma once

namespace fleetmeter::ctl {

// From now on gRPC writes nothing there, unless GRPC_VERBOSITY asks for it: what goes wrong is told
// with the error of the call.
void QuietGrpc();

}  // namespace fleetmeter::ctl
