// What is wrong with the budgets of a pool. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/domain/fleet/plan.h"

namespace fleetmeter {

// Paths begin with `path`, which is the pool's.
std::vector<Violation> CheckBudgets(const PoolDocument& pool, const std::string& path);

}  // namespace fleetmeter
