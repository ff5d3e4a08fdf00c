// The node and pod lists of Alibaba's GPU trace of 2023, as far as a replay needs them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fleetmeter::collector {

// In thousandths of a GPU, as the trace has them.
inline constexpr int kWholeGpu = 1'000;

struct OpenbNode {
  std::string name;
  std::string model;  // as the trace spells it: "V100M32"
  int gpus = 0;       // 1 or more
};

// A pod that holds GPUs over [scheduled, deleted).
struct OpenbPod {
  std::string name;
  int num_gpu = 0;                    // 1 or more
  int gpu_milli = 0;                  // 1 to 1000 of each; less than 1000 only for one GPU
  std::vector<std::string> gpu_spec;  // models that it may run on; empty: any
  std::string qos;
  std::string phase;
  int64_t scheduled = 0;  // nanoseconds from the start of the trace
  int64_t deleted = 0;
};

// Nodes with GPUs, in the file's order.
absl::StatusOr<std::vector<OpenbNode>> ReadOpenbNodes(const std::string& path);

// Pods that hold GPUs, in the file's order: those that were never scheduled, have no GPU, or were
// deleted no later than they were scheduled hold nothing and are not among them.
absl::StatusOr<std::vector<OpenbPod>> ReadOpenbPods(const std::string& path);

}  // namespace fleetmeter::collector
