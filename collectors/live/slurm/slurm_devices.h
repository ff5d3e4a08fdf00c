// The chips of one node, and who holds them: from what the node has, what of it is in use, and what
// its jobs say. Pure.
//
// Slurm tells which devices a job holds (IDX), or only how many. Those that are only counted get
// the first free devices of their type, and are marked as told apart by nothing (anonymous), and so
// are then the free ones. MIG instances are put together to chips in their order.
#pragma once

#include <vector>

#include "collectors/device/device_reading.h"
#include "collectors/live/slurm/slurm_gpu_type.h"
#include "collectors/live/slurm/slurm_model.h"

namespace fleetmeter::collector {

struct SlurmViewOptions {
  std::vector<SlurmGpuType> gpu_types;  // the first that matches decides
  bool planned_is_free = false;
};

struct SlurmClaim {
  const SlurmJob* job = nullptr;  // null: a job that Slurm does not list
  int64_t gpus = 0;               // of the job, everywhere
  SlurmGres gres;
};

struct SlurmDevices {
  std::vector<DeviceReading> devices;
  int64_t guessed = 0;  // devices that were chosen for a claim without IDX
  // Devices that jobs claim and the node does not have, and that are in use by no known job.
  int64_t surplus = 0;
  int64_t unexplained = 0;
};

// `listed`: Slurm tells what the node has. Otherwise it has what jobs claim.
SlurmDevices PlaceSlurmClaims(const SlurmNode& node, bool listed,
                              const std::vector<SlurmClaim>& claims,
                              const SlurmViewOptions& options);

}  // namespace fleetmeter::collector
