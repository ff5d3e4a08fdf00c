// Which budgets a plan gives at a time. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/domain/capacity/budget.h"
#include "daemon/domain/fleet/plan.h"

namespace fleetmeter::capacity {

// Each with the time that it is for: the month or quarter of UTC that holds `now`, or its term,
// whether that is to come, under way or over. In the order of the plan's pools; that of a pool
// before those of its teams, which ascend by name.
std::vector<Budget> BudgetsOf(const Plan& plan, int64_t now_unix_seconds);

}  // namespace fleetmeter::capacity
