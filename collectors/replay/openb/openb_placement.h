// Puts the trace's pods on its nodes: the trace does not say where a pod ran.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "collectors/replay/openb/openb_trace.h"

namespace fleetmeter::collector {

// node[i] is the index of the node that pod i runs on; nothing where it did not fit.
using Placement = std::vector<std::optional<size_t>>;

// Deterministic. Pods come in the order of scheduling, then of the list; a pod frees its GPUs
// before others that are scheduled at the same instant come. Whole GPUs are taken on the first node
// in the list's order that has enough free ones; a part of a GPU goes to the GPU that has the least
// room left for it, the first of them. Only models of the pod's gpu_spec are used. CPU and memory
// are not looked at. A pod that does not fit at its time is not placed later.
Placement PlacePods(const std::vector<OpenbNode>& nodes, const std::vector<OpenbPod>& pods);

}  // namespace fleetmeter::collector
