// An allocation plan as a protocol message. Pure.
#pragma once

#include "daemon/domain/fleet/plan.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter {

// Tiers, categories and pools; the basis is for the caller to fill.
void FillPlan(const Plan& plan, v1::GetPlanResponse* response);

}  // namespace fleetmeter
