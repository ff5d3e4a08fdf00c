// gRPC's own log lines, in our log.
#pragma once

namespace fleetmeter {

// From now on what gRPC logs goes to the process's logger, in its form: as JSON where that is asked
// for, with the fields component, file and line, and with nothing in it that forges lines. What
// gRPC calls errors are mistakes of its peers, who can make many: those lines are throttled
// (LogThrottle). Others are there only if GRPC_VERBOSITY and the level of the log ask for them.
void RouteGrpcLog();

}  // namespace fleetmeter
