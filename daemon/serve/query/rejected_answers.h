// What the ledger says of reports that were rejected.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "fleetmeter/v1/admin.pb.h"

namespace fleetmeter {

// The latest first. InvalidArgument: the reason or the token is none.
absl::Status AnswerRejected(Database& ledger, const v1::ListRejectedRequest& request,
                            v1::ListRejectedResponse* response);

}  // namespace fleetmeter
