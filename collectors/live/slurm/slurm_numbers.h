// Numbers of the GPUs of a node that has several types of them. Pure.
#pragma once

#include <vector>

#include "collectors/live/slurm/slurm_devices.h"

namespace fleetmeter::collector {

// Slurm numbers the GPUs of a node across all types. Where one number stands for GPUs of two types,
// somebody has numbered each type by itself: the numbers of each type then follow those of the
// types before it, in the order of the node's list.
void NumberAcrossTypes(SlurmNode& node, std::vector<SlurmClaim>& claims);

}  // namespace fleetmeter::collector
