// Which versions of plans, the catalog, the price book and benchmark suites were new, from the
// ledger.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter {

// Errors as the service's (query.proto).
absl::Status AnswerVersions(Database& ledger, const v1::ListVersionsRequest& request,
                            v1::ListVersionsResponse* response);

}  // namespace fleetmeter
