// Rules that say to which pool, team and workload type a pod of the trace belongs: the trace itself
// has no such column. collectors/attribution/README.md says how rules are written, ../README.md
// which attributes a pod has.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "collectors/attribution/attribution_rules.h"
#include "collectors/replay/openb/openb_trace.h"

namespace fleetmeter::collector {

enum class WhenPodDoesNotFit { kError, kCount };

struct OpenbRules {
  WhenPodDoesNotFit when_pod_does_not_fit = WhenPodDoesNotFit::kError;
  AttributionRules attribution;

  // NotFound names the pod that no rule applies to.
  absl::StatusOr<Assignment> AssignmentOf(const OpenbPod& pod) const;
};

// Errors: "FILE:LINE: KEY: what was wrong; expected ...".
absl::StatusOr<OpenbRules> ReadOpenbRules(const std::string& path);

}  // namespace fleetmeter::collector
