// The plan beside what is measured, in the words of plan.proto. Pure.
#pragma once

#include "daemon/view/plan_comparison.h"
#include "daemon/view/snapshot.h"
#include "fleetmeter/v1/plan.pb.h"

namespace fleetmeter {

void FillComparison(const Snapshot& snapshot, const PlanComparison& comparison,
                    v1::CompareResponse& response);

}  // namespace fleetmeter
