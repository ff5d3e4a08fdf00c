// Which reports were rejected, and why: for the daemon's own service, and for whoever reads a
// ledger's file.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "fleetmeter/v1/admin.pb.h"

namespace fleetmeter {

// InvalidArgument: there is no such reason; it names the nearest.
absl::Status AnswerRejections(Database& ledger, const v1::ListRejectionsRequest& request,
                              v1::ListRejectionsResponse* response);

}  // namespace fleetmeter
