// What is answered to questions about requests for capacity, from the book and the plan. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/domain/capacity/capacity_order.h"
#include "daemon/serve/query/capacity_moment.h"
#include "daemon/serve/query/snapshot_messages.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter {

struct ReadForm {
  capacity::CapacityForm form;
  std::vector<Violation> violations;
};
// A form and all that is wrong with it. Whoever sent it is told of the pools only that he `knows`.
ReadForm CheckFormMessage(const CapacityMoment& moment, const v1::CapacityForm& message,
                          const std::function<bool(std::string_view pool)>& knows);

// All but `earlier`.
void FillCheck(const CapacityMoment& moment, const ReadForm& read, const PoolSight& sight,
               v1::CheckCapacityResponse* response);

// NotFound: there is no such request, or somebody may not see it.
absl::Status FillRequest(const CapacityMoment& moment, const std::string& request_id,
                         const PoolSight& sight, v1::GetCapacityResponse* response);

// Of one pool. NotFound: somebody may not see it, or there is none.
absl::Status FillPoolRanking(const CapacityMoment& moment, const std::string& pool,
                             const PoolSight& sight, v1::GetRankingResponse* response);
// Of the requests beyond allocations, of all pools.
void FillRankingBetweenPools(const CapacityMoment& moment, v1::GetRankingResponse* response);

// All but the peak and the headroom. NotFound: as above. InvalidArgument: the time is none.
absl::Status FillSpans(const CapacityMoment& moment, const v1::GetTimelineRequest& request,
                       const PoolSight& sight, v1::GetTimelineResponse* response);

// The requests that an order is about.
struct Concerned {
  std::vector<std::string> request_ids;
  // All open ones of a pool and a nature that are within its allocation.
  std::optional<std::pair<std::string, capacity::Nature>> ranked;
};
Concerned ConcernedBy(const capacity::CapacityOrder& order);
// What has become of them. Of very many, the first.
void FillConcerned(const CapacityMoment& moment, const Concerned& concerned,
                   v1::ChangeCapacityResponse* response);

}  // namespace fleetmeter
