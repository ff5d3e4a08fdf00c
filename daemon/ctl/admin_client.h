// Asks a daemon's admin listener.
#pragma once

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/security/client_tls.h"
#include "fleetmeter/v1/admin.pb.h"

namespace fleetmeter::ctl {

// Has the daemon reload; the answer says what was taken up. Unavailable: no answer in time.
// PermissionDenied: we do not have the role.
absl::StatusOr<v1::ReloadResponse> AskReload(const std::string& address,
                                             std::chrono::nanoseconds timeout,
                                             const ClientTls& tls);

}  // namespace fleetmeter::ctl
