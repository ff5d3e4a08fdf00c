// Nodes and jobs of one moment as an observation. Pure.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "collectors/live/slurm/slurm_devices.h"

namespace fleetmeter::collector {

struct SlurmView {
  Observation observation;
  // What nodes and jobs say of each other agrees. If not, something changed between the two
  // answers, or Slurm hides jobs from us.
  bool consistent = true;
};

// ResourceExhausted: more hosts or devices than can be.
absl::StatusOr<SlurmView> ViewSlurm(const SlurmNodes& nodes, const SlurmJobs& jobs,
                                    const SlurmViewOptions& options, int64_t now_unix_nanos);

}  // namespace fleetmeter::collector
