// Which pools of an answer are shown, and in which order. Pure.
#pragma once

#include <string>
#include <vector>

#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// The columns that pools can be sorted by; "plan" is the order of the plan.
const std::vector<std::string>& PoolSortNames();

struct PoolOrder {
  std::string sort = "plan";  // one of PoolSortNames()
  bool reverse = false;
  // Shown are pools that have this in their name, owner, category, tier or mark, in letters of any
  // case; empty: all.
  std::string filter = {};
};

// Numbers the largest first, names in their order; `reverse` turns that around. What is not known
// comes last, and pools that are equal stay in the order of the plan.
v1::ListPoolsResponse ArrangedPools(const v1::ListPoolsResponse& pools, const PoolOrder& order);

}  // namespace fleetmeter::ctl
