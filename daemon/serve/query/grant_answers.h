// How grants were used, from the ledger.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/serve/query/capacity_moment.h"
#include "daemon/serve/query/snapshot_messages.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter {

// InvalidArgument: a filter names what somebody may not see, or what there is not. NotFound:
// likewise, the request.
absl::Status CheckGrantFilters(const CapacityMoment& moment, const v1::ListGrantsRequest& request,
                               const PoolSight& sight);
// Its filters have been checked.
absl::Status AnswerGrants(Database& ledger, const CapacityMoment& moment,
                          const v1::ListGrantsRequest& request, const PoolSight& sight,
                          v1::ListGrantsResponse* response);

// Whether the team has had grants in the pool, the time of which has begun.
bool HasEarlierGrants(const CapacityMoment& moment, const std::string& pool,
                      const std::string& team);
// Adds the latest of them to the answer, the latest first.
absl::Status AnswerEarlierGrants(Database& ledger, const CapacityMoment& moment,
                                 const std::string& pool, const std::string& team,
                                 v1::CheckCapacityResponse* response);

}  // namespace fleetmeter
