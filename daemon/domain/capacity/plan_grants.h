// Which grants beyond allocations are in the allocations of a plan. Pure.
//
// A grant beyond the allocation of its pool is promised on top of that allocation, until a plan has
// it: the plan allocates the pool more for it. From then on it takes its part of the allocation, as
// a grant within it does. Otherwise the larger allocation could be granted once more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/fleet/plan.h"

namespace fleetmeter::capacity {

// A plan has the grants that it names. One that names none at all, as people write it by hand, is
// judged to have every grant that was decided before the plan was known: it may have been written
// for it. What was decided later cannot be in it, since a version of a plan never changes.
bool PlanHasGrant(const Plan& plan, std::string_view request_id, int64_t decided_unix_nanos);

// Whether a grant, as it stands, is on top of the allocation of its pool by a plan.
bool IsOnTop(const Plan& plan, const CapacityRequest& request);

// What is odd about the grants that a plan names, a sentence each: unknown ones, and those within
// an allocation. And of a plan that names none, those that it is judged to have at a time.
std::vector<std::string> DoubtsOfGrants(const Plan& plan, const CapacityBook& book,
                                        int64_t now_unix_seconds);

}  // namespace fleetmeter::capacity
