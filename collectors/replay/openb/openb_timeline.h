// The trace's pods on its nodes, as a timeline.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "collectors/replay/openb/openb_placement.h"
#include "collectors/replay/openb/openb_rules.h"
#include "collectors/replay/openb/openb_trace.h"
#include "collectors/replay/timeline.h"

namespace fleetmeter::collector {

// One host a node, from the start of the trace on. The rows of a step always add up to the node's
// chips: what its pods hold by pool, team and workload type, with unknown activity, and the rest as
// unassigned. Chip kinds are the trace's models. NotFound names a pod that no rule applies to.
absl::StatusOr<Timeline> MakeOpenbTimeline(const std::vector<OpenbNode>& nodes,
                                           const std::vector<OpenbPod>& pods,
                                           const Placement& placement, const OpenbRules& rules);

}  // namespace fleetmeter::collector
