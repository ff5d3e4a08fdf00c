// What a GRES type is: "h100", "nvidia_a100-sxm4-80gb", "1g.10gb", or a word of a site's own. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/live/slurm/slurm_model.h"

namespace fleetmeter::collector {

// What a type of GPU stands for, where Slurm's own words do not say; patterns as of glob.h.
struct SlurmGpuType {
  std::string node = "*";
  std::string type = "*";
  std::string feature;  // of the node; empty: any
  std::string model;    // "NVIDIA H100"
  // Of a type that stands for a part of a chip. 0: by its name.
  int64_t slices = 0;
  int64_t chip_slices = 0;
};

// What one type is: a chip, or slices of one.
struct SlurmGpuMeaning {
  std::string model;
  int64_t slices = 0;  // 0: a whole chip
  int64_t chip_slices = 7;
};

// By the first entry that matches; else by the type's own name; else by the node's features, if the
// node has one type and its features name one kind.
SlurmGpuMeaning MeaningOfSlurmGpu(const SlurmNode& node, const std::string& type,
                                  const std::vector<SlurmGpuType>& types);

}  // namespace fleetmeter::collector
