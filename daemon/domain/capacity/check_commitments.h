// Whether what is being decided keeps within the plan. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "daemon/domain/capacity/commitment_walk.h"

namespace fleetmeter::capacity {

// OK, or FailedPrecondition as of CheckCommitments (capacity_order.h), but only for sums that the
// added commitments make larger: what a new plan has made too much is no reason to refuse decisions
// about something else.
absl::Status CheckAdded(const std::vector<Commitment>& commitments, const ReferenceData& reference,
                        int64_t now_unix_seconds);

}  // namespace fleetmeter::capacity
