// How grants were used, from the ledger.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/domain/capacity/grant_use.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/serve/query/capacity_moment.h"
#include "daemon/serve/query/snapshot_messages.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter {

// Takes out of the sums what nobody told of: such time is neither used nor unused. `untold`: spans
// that are apart; those before `told_from_unix_seconds` are out of the sums already.
void LeaveOutUntold(const capacity::CapacityBook& book, const std::vector<TimeSpan>& untold,
                    int64_t told_from_unix_seconds, int64_t now_unix_seconds,
                    capacity::SharedUse* use);

// The use of all grants from the full hour `from` up to the present hour, in one pool or in all
// (""). What is of a grant before `from` is not whole.
absl::StatusOr<capacity::SharedUse> ReadGrantUse(Database& ledger, const CapacityMoment& moment,
                                                 int64_t from_unix_seconds,
                                                 const std::string& pool);

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
