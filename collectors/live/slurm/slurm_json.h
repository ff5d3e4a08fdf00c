// What slurmrestd, scontrol, sinfo, squeue and sacct print as JSON, in the shapes of Slurm 21.08
// to 26.05 (data versions v0.0.35 to v0.0.45). Pure.
//
// Versions differ in shapes more than in names, so each field is taken in every shape that any
// version gives it: a text or a list of texts; a number, a text, or {set, infinite, number}.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "collectors/live/slurm/slurm_model.h"

namespace fleetmeter::collector {

// Of "nodes", or of "sinfo" as sinfo prints it since 23.02. InvalidArgument: it is no such text,
// or nothing of it is understood.
// Unavailable: Slurm itself says that it failed.
absl::StatusOr<SlurmNodes> ReadSlurmNodesJson(std::string_view text);
// Likewise of jobs, also as sacct prints them.
absl::StatusOr<SlurmJobs> ReadSlurmJobsJson(std::string_view text);

}  // namespace fleetmeter::collector
