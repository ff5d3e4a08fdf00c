// Asks a daemon's admin listener.
#pragma once

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/ctl/connection.h"
#include "daemon/security/client_tls.h"
#include "fleetmeter/v1/admin.pb.h"

namespace fleetmeter::ctl {

// Has the daemon reload; the answer says what was taken up. Unavailable: no answer in time.
// PermissionDenied: we do not have the role.
absl::StatusOr<v1::ReloadResponse> AskReload(const std::string& address,
                                             std::chrono::nanoseconds timeout,
                                             const ClientTls& tls);

// The same errors, and those of admin.proto.
absl::StatusOr<v1::ListSourcesResponse> AskSources(const Connection& connection,
                                                   const v1::ListSourcesRequest& request);
absl::StatusOr<v1::ListRejectedResponse> AskRejected(const Connection& connection,
                                                     const v1::ListRejectedRequest& request);
absl::StatusOr<v1::DecisionResponse> AskForget(const Connection& connection,
                                               const v1::ForgetSourceRequest& request);
absl::StatusOr<v1::DecisionResponse> AskRename(const Connection& connection,
                                               const v1::RenameSourceRequest& request);
absl::StatusOr<v1::DecisionResponse> AskMove(const Connection& connection,
                                             const v1::MoveSourceRequest& request);
absl::StatusOr<v1::DecisionResponse> AskReprice(const Connection& connection,
                                                const v1::RepriceRequest& request);
absl::StatusOr<v1::ListEntriesResponse> AskEntries(const Connection& connection);

}  // namespace fleetmeter::ctl
