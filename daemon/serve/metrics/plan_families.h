// The plan and the framework as Prometheus families, and the plan beside what is measured: what
// dashboards/METRICS.md lists under "Plan", "Plan beside fleet" and "A year like this moment".
#pragma once

#include "daemon/serve/http/text_format.h"
#include "daemon/view/plan_comparison.h"
#include "daemon/view/snapshot.h"

namespace fleetmeter {

void WritePlanFamilies(const Snapshot& snapshot, const PlanComparison& comparison, TextWriter& out);

}  // namespace fleetmeter
