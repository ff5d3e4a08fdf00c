// From what the kubelet lists to chips and who holds them. Pure.
//
// A chip is counted once, however many pods, containers, claims or replicas name it. What pods hold
// comes from List; what GetAllocatableResources lists beside it is free.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "collectors/device/device_reading.h"
#include "collectors/live/kubernetes/chip_resources.h"
#include "collectors/live/kubernetes/pod_list.h"
#include "collectors/live/kubernetes/slices.h"
#include "peers/kubelet_podresources.pb.h"

namespace fleetmeter::collector {

// What was read in one look.
struct KubeletView {
  std::string host;
  ::v1::ListPodResourcesResponse pods;
  // Nothing: the kubelet does not tell, so that what nobody holds is not listed.
  std::optional<::v1::AllocatableResourcesResponse> allocatable;
  std::optional<PodList> pod_facts;  // nothing: not configured
  ResourceSlices slices;             // empty: not configured
};

// ResourceExhausted: more devices or holders than a host can have.
absl::StatusOr<Observation> ObserveKubelet(const KubeletView& view, const ChipResources& resources);

}  // namespace fleetmeter::collector
