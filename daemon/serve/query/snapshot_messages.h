// A snapshot in the words of query.proto. Pure.
#pragma once

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/view/snapshot.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter {

// Which pools somebody may be told of.
struct PoolSight {
  bool all = true;                                           // and the fleet as a whole
  std::function<bool(std::string_view pool)> may = nullptr;  // asked where not all
  bool Sees(std::string_view pool) const { return all || may(pool); }
};

void FillBasis(const Snapshot& snapshot, v1::Basis& basis);
// A page of the pools that somebody may see. InvalidArgument: the token is of no page.
absl::Status FillPools(const Snapshot& snapshot, const v1::ListPoolsRequest& request,
                       const PoolSight& sight, v1::ListPoolsResponse& response);
void FillHeadroom(const Snapshot& snapshot, const PoolView& pool, v1::HeadroomResponse& response);
void FillSupply(const Snapshot& snapshot, v1::GetSupplyResponse& response);
void FillPlan(const Snapshot& snapshot, v1::GetPlanResponse& response);

}  // namespace fleetmeter
