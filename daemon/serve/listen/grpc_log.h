// gRPC's own log lines, in our log.
#pragma once

namespace fleetmeter {

// From now on what gRPC logs goes to the process's logger, in its form: as JSON where that is asked
// for, and with nothing in it that forges lines. gRPC writes of its peers' mistakes, so that its
// lines are throttled (LogThrottle). Which of them there are is GRPC_VERBOSITY's to say.
void RouteGrpcLog();

}  // namespace fleetmeter
