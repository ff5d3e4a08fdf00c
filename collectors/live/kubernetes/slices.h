// What drivers publish of their devices for dynamic resource allocation: ResourceSlices. The
// kubelet tells only names of devices; UUIDs, profiles and models are here. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/status/statusor.h"

namespace fleetmeter::collector {

struct SliceDevice {
  std::string node;         // empty: of no node in particular
  std::string uuid;         // of the device itself: "GPU-..." or "MIG-..."
  std::string parent_uuid;  // of an instance: its chip's
  std::string profile;      // of an instance: "1g.10gb"; of a partition: "dpx_nps1"
  std::string model;        // "NVIDIA H100 80GB HBM3"
  // Of an AMD chip, and of each of its partitions: the chip's address on the bus.
  std::string amd_place;
  bool is_amd_partition = false;
  bool may_be_made = false;  // an instance or a partition that there might be
};

// By driver, pool and device: what names a device.
using ResourceSlices = std::map<std::tuple<std::string, std::string, std::string>, SliceDevice>;

// Of a ResourceSliceList in JSON, as the API server and `kubectl get resourceslices -o json` give
// it, of resource.k8s.io/v1 and its betas. What is wrong in one device costs that device.
// InvalidArgument: it is no such list.
absl::StatusOr<ResourceSlices> ReadResourceSlices(std::string_view json);

}  // namespace fleetmeter::collector
