// What is answered to questions about requests for capacity, from the book and the plan. Pure.
#pragma once

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
// A form and all that is wrong with it. Whoever sent it is told of the pools only that he knows,
// and of how much there is if he knows the fleet as a whole.
ReadForm CheckFormMessage(const CapacityMoment& moment, const v1::CapacityForm& message,
                          const PoolSight& knows);

// All but `earlier`.
void FillCheck(const CapacityMoment& moment, const ReadForm& read, const PoolSight& sight,
               v1::CheckCapacityResponse* response);

// NotFound: there is no such request, or somebody may not see it.
absl::Status FillRequest(const CapacityMoment& moment, const std::string& request_id,
                         const PoolSight& sight, v1::GetCapacityResponse* response);

// A page of the ranking of one pool, or of the requests beyond allocations of all pools. NotFound:
// somebody may not see the pool, or there is none. InvalidArgument: the token is of no page.
// Aborted: the ranking has changed since the page before.
absl::Status FillRanking(const CapacityMoment& moment, const v1::GetRankingRequest& request,
                         const PoolSight& sight, v1::GetRankingResponse* response);

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
// The events of an order, and what has become of the requests. Of very many, the first, and how
// many are left out.
void FillChange(const CapacityMoment& moment, const std::vector<capacity::CapacityEvent>& events,
                const Concerned& concerned, v1::ChangeCapacityResponse* response);

}  // namespace fleetmeter
