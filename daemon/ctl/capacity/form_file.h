// The request form as a YAML file:
//
//   id: rl-rollouts-december     # optional; one is made up where there is none
//   pool: research-post-training
//   team: rl
//   chip: b200
//   chips: 16
//   cores: 256                   # optional
//   start: 2026-12-01T09:00Z
//   for: 14d
//   workload: rl-rollouts
//   workload_type: rl            # optional, as model and run
//   run: rl-9
//   nature: company_goal         # or critical, growth_bet
//   goal: Flagship 5             # of a company_goal
//   roi:                         # needed for a request beyond the allocation
//     gain: revenue              # or efficiency
//     expected: 1.5M             # US dollars over the whole duration
//     low: 0.8M
//     high: 2.5M
//     confidence: 90%
//     by: 2027-03-31
//   beyond_allocation: true      # the committee decides, and not the pool's owner
//   trade_off: Two sweeps of the scaling team wait for a month.
//   note: optional, of any script and several lines
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

// What the file says; fields that it lacks are empty, and it is for the daemon to say which are
// missing. NotFound: it cannot be read. InvalidArgument: every mistake by line, unknown keys with
// the nearest that is known.
absl::StatusOr<v1::CapacityForm> ReadFormFile(const std::string& path);

// `name` stands in for the path in messages.
absl::StatusOr<v1::CapacityForm> ReadForm(const std::string& name, std::string_view text);

}  // namespace fleetmeter::ctl
