// A snapshot in the words of query.proto. Pure.
#pragma once

#include "daemon/view/snapshot.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter {

void FillBasis(const Snapshot& snapshot, v1::Basis& basis);
void FillPools(const Snapshot& snapshot, v1::ListPoolsResponse& response);
void FillHeadroom(const Snapshot& snapshot, const PoolView& pool, v1::HeadroomResponse& response);
void FillSupply(const Snapshot& snapshot, v1::GetSupplyResponse& response);
void FillPlan(const Snapshot& snapshot, v1::GetPlanResponse& response);

}  // namespace fleetmeter
