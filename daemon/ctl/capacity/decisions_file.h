// The decisions of a meeting as a YAML file. They are taken all at once, or none of them is:
//
//   reason: Allocation meeting of 2026-12-01   # for those that have none of their own
//   decisions:
//     - request: rl-rollouts-december
//       revision: 3                # optional: if it was changed since, nothing is decided
//       grant: 16                  # chips, or all of them: grant: all
//       start: 2026-12-02T00:00Z   # optional, like for; without it, as it was asked
//       for: 7d
//       reason: The half that fits
//     - request: wide-sweep-december
//       decline: true
//       reason: Its last grant was used for a third
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

struct PlannedDecision {
  v1::CapacityDecision decision;
  bool whole = false;  // all chips that were asked for; `decision.chips` is still to be filled
};

struct PlannedDecisions {
  std::vector<PlannedDecision> decisions;
  std::string reason;  // of those without one of their own; may be empty
};

// NotFound: it cannot be read. InvalidArgument: every mistake by line.
absl::StatusOr<PlannedDecisions> ReadDecisionsFile(const std::string& path);
absl::StatusOr<PlannedDecisions> ReadDecisions(const std::string& name, std::string_view text);

}  // namespace fleetmeter::ctl
