// Which requests somebody asked for, of those that he may see. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/serve/query/capacity_moment.h"
#include "daemon/serve/query/snapshot_messages.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter {

// Requests of the pools that somebody may see, in the order of their submission.
using SeenRequests = std::vector<const capacity::CapacityRequest*>;
SeenRequests RequestsInSight(const capacity::CapacityBook& book, const PoolSight& sight);

// NotFound names the nearest of the requests that somebody `knows`. It says the same whether there
// is no such request or one that he does not know.
absl::Status NoSuchRequest(const capacity::CapacityBook& book, const std::string& request_id,
                           const std::function<bool(const capacity::CapacityRequest&)>& knows);
// The request, or NotFound.
absl::StatusOr<const capacity::CapacityRequest*> FindInSight(const capacity::CapacityBook& book,
                                                             const PoolSight& sight,
                                                             const std::string& request_id);

// Whether somebody may see such a pool: one of the plan in force, or one of a request.
bool IsPoolInSight(const CapacityMoment& moment, const PoolSight& sight, std::string_view pool);

// An empty name is no filter. InvalidArgument: of what somebody may see, nothing has that name; it
// says which there are.
absl::Status CheckPoolFilter(const CapacityMoment& moment, const PoolSight& sight,
                             const std::string& pool);
absl::Status CheckTeamFilter(const CapacityMoment& moment, const PoolSight& sight,
                             const std::string& team);
// The names of those pools, for messages.
std::vector<std::string> PoolsInSight(const CapacityMoment& moment, const PoolSight& sight);

// A page of requests. InvalidArgument: a filter or the token is none.
absl::Status FillRequests(const CapacityMoment& moment, const v1::ListCapacityRequest& request,
                          const PoolSight& sight, v1::ListCapacityResponse* response);

}  // namespace fleetmeter
