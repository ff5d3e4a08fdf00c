// Rules that say to which pool, team and workload type a pod of the trace belongs: the trace itself
// has no such column. Read from a YAML file, strictly; see README.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/replay/openb/openb_trace.h"

namespace fleetmeter::collector {

struct IntRange {
  int min = 0;
  int max = 1'024;
  bool Holds(int value) const { return min <= value && value <= max; }
};

// Where a pod is counted.
struct Assignment {
  std::string pool;
  std::string team;
  std::string workload_type;  // may be empty
};

// Conditions are joined by "and"; one that is absent holds for every pod.
struct OpenbRule {
  std::optional<std::vector<std::string>> qos;
  std::optional<std::vector<std::string>> phases;
  // Holds when the pod may run on one of these models; "any" stands for a pod without constraint.
  std::optional<std::vector<std::string>> gpu_spec;
  IntRange num_gpu;
  IntRange gpu_milli;
  Assignment assignment;

  bool Matches(const OpenbPod& pod) const;
};

enum class WhenPodDoesNotFit { kError, kCount };

struct OpenbRules {
  WhenPodDoesNotFit when_pod_does_not_fit = WhenPodDoesNotFit::kError;
  std::vector<OpenbRule> rules;  // never empty; the last matches every pod

  // Of the first rule that matches.
  const Assignment& AssignmentOf(const OpenbPod& pod) const;
};

// Errors: "FILE:LINE: KEY: what was wrong; expected ...".
absl::StatusOr<OpenbRules> ReadOpenbRules(const std::string& path);

}  // namespace fleetmeter::collector
