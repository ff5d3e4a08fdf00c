// What sinfo, squeue and sacct print as text, by columns that a configuration names. Pure.
//
// Columns are separated by bars if a line has one, and else by blanks. "-" is a column that nobody
// needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/live/slurm/slurm_model.h"

namespace fleetmeter::collector {

// node, state, gres, gres_used, features, reason.
const std::vector<std::string_view>& SlurmNodeColumns();
// job_id, name, user, account, partition, qos, state, nodes, node_count, tasks, tres_alloc,
// tres_req, tres_per_job, tres_per_node, tres_per_task, submit_time, eligible_time, reason,
// priority, reservation.
const std::vector<std::string_view>& SlurmJobColumns();

// A node may be there several times, once for each of its partitions.
// InvalidArgument: no line is understood, of at least one.
absl::StatusOr<SlurmNodes> ReadSlurmNodesText(std::string_view text,
                                              const std::vector<std::string>& columns);
// Steps of a job ("56.batch") are not jobs. Times are UTC.
absl::StatusOr<SlurmJobs> ReadSlurmJobsText(std::string_view text,
                                            const std::vector<std::string>& columns);

}  // namespace fleetmeter::collector
