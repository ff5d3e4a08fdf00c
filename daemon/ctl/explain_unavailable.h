// What is wrong with a connection, where gRPC tells less than can be known.
#pragma once

#include <string>

#include "daemon/security/client_tls.h"

namespace grpc {
class Status;
}  // namespace grpc

namespace fleetmeter::ctl {

// A clause that says which side speaks or refuses what. Empty: gRPC has said it, or nobody knows.
// Looks at the address again unless nobody listens there.
std::string ExplainUnavailable(const std::string& address, const ClientTls& tls,
                               const grpc::Status& status);

// gRPC tells the whole way to an error; the part after the last colon says what was wrong.
std::string CauseOf(const std::string& said);

}  // namespace fleetmeter::ctl
