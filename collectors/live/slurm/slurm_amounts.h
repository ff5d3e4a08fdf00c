// How many devices a job holds on each node, and how many it waits for. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "collectors/live/slurm/slurm_model.h"

namespace fleetmeter::collector {

// Of GPUs or shares, by type. What it was allocated, or where Slurm does not account for GPUs, what
// it asked for: by the job, by the node, or by the task.
std::vector<SlurmGres> SlurmAmountOf(const SlurmJob& job, std::string_view name);
// What it asks for.
std::vector<SlurmGres> SlurmRequestOf(const SlurmJob& job, std::string_view name);

// What it holds on the node `place` of `nodes`. Where Slurm does not tell, an even part of all, of
// which the first nodes get what does not divide.
std::vector<SlurmGres> SlurmHeldOn(const SlurmJob& job, size_t place, size_t nodes);

// "shard" and "mps": parts of a GPU.
bool IsSlurmShare(std::string_view name);

}  // namespace fleetmeter::collector
