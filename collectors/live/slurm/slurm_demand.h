// Jobs that wait, as demand. Pure.
#pragma once

#include <cstdint>

#include "collectors/device/device_reading.h"
#include "collectors/live/slurm/slurm_devices.h"

namespace fleetmeter::collector {

// One reading for each pending job and type of GPU; for an array, of all its tasks that may run at
// once. Jobs that are held, or wait for another job or a time, are no demand: a remark counts them.
// Shares and MIG instances are rounded up to chips, a job at a time.
void AddSlurmDemand(const SlurmJobs& jobs, const std::vector<SlurmNode>& nodes,
                    const SlurmViewOptions& options, int64_t now_unix_nanos,
                    Observation& observation);

}  // namespace fleetmeter::collector
