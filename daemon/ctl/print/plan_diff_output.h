// What changes between plans, for people and programs. Pure.
#pragma once

#include <string>

#include "daemon/ctl/plan_changes.h"
#include "daemon/ctl/print/output_format.h"

namespace fleetmeter::ctl {

// JSON: {"a": SIDE, "b": SIDE, "same": BOOL, "tiers": [...], "categories": [...], "pools": [...]};
// what a side does not have is null. CSV: one record for each tier, category, pool and figure of
// the outcomes, told apart by its first field.
std::string FormatPlanDiff(const PlanDiff& diff, OutputFormat format);

}  // namespace fleetmeter::ctl
