// What the API says of pods beyond who they are: labels, owners and whether they have ended. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace fleetmeter::collector {

struct PodFacts {
  std::map<std::string, std::string> labels;
  std::string owner;       // the controller's name; empty: none
  std::string owner_kind;  // "Job"
  bool ended = false;      // Succeeded or Failed: it holds nothing any more
};

// By namespace and name.
using PodList = std::map<std::pair<std::string, std::string>, PodFacts>;

// Of a PodList in JSON, as the kubelet's /pods, the API server and `kubectl get pods -o json` give
// it. What is wrong in one pod costs that pod. InvalidArgument: it is no list of pods.
absl::StatusOr<PodList> ReadPodList(std::string_view json);

}  // namespace fleetmeter::collector
