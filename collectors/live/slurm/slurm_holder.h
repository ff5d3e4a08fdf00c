// A job as a holder of chips, with the attributes that rules may ask of. Pure.
#pragma once

#include "collectors/device/device_reading.h"
#include "collectors/live/slurm/slurm_model.h"

namespace fleetmeter::collector {

Vocabulary SlurmVocabulary();

// `gpus`: that it holds, or waits for. Null: some job that Slurm does not list.
Holder SlurmHolder(const SlurmJob* job, int64_t gpus);

}  // namespace fleetmeter::collector
