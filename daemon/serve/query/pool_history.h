// What pools held in the past, from the ledger.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/serve/query/snapshot_messages.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter {

// Errors as the service's (query.proto). A pool that somebody may not see has no past for him.
absl::Status AnswerPoolHistory(Database& ledger, int64_t now_unix_nanos,
                               const v1::GetPoolHistoryRequest& request, const PoolSight& sight,
                               v1::GetPoolHistoryResponse* response);

}  // namespace fleetmeter
