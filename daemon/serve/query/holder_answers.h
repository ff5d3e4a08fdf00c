// Who holds chips of a pool, and since when, as a message. Pure but for what the ledger tells.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter {

// Within a read transaction of the caller, who has looked whether the pool may be seen.
absl::Status AnswerHolders(Database& ledger, int64_t now_unix_nanos,
                           const v1::ListHoldersRequest& request,
                           v1::ListHoldersResponse* response);

}  // namespace fleetmeter
