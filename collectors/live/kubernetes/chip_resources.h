// Which resources of Kubernetes are accelerators, and what the ids of their devices tell. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/device/readings.h"

namespace fleetmeter::collector {

// What the id of a device tells which chip it is.
enum class DeviceIds {
  kUuid,   // the id is the chip's UUID
  kIndex,  // the id ends with the chip's index on its host: "neuron3", "3"
  kCount,  // nothing that other sources know: the chips are counted
};

// What one device of a resource is.
enum class DeviceUnit {
  kChip,
  kCore,  // a NeuronCore; its number counts over all chips of the host
  kMig,   // an instance of a chip: of MIG, or a partition of an AMD chip
};

struct ChipResource {
  // Resources of one family name the same chips: a NeuronCore is a part of a Neuron device.
  std::string family;
  DeviceIds ids = DeviceIds::kCount;
  DeviceUnit unit = DeviceUnit::kChip;
  std::string kind;     // of the catalog; empty: another source knows
  std::string profile;  // of an instance: "1g.10gb", "cpx_nps4"; empty: not told
  // Into how many cores or slices a chip is divided; 0: by the profile, or not known.
  int64_t parts = 0;
};

// What a configuration says about resources; what is not set is as for the resource itself.
struct ChipResourceSetting {
  bool is_driver = false;  // of dynamic resource allocation
  std::string pattern;     // a glob: "nvidia.com/mig-*", or of a driver's name: "gpu.nvidia.com"
  std::string kind;
  std::string profile;
  std::optional<DeviceIds> ids;
  int64_t parts = 0;
};

class ChipResources {
 public:
  explicit ChipResources(std::vector<ChipResourceSetting> settings = {})
      : settings_(std::move(settings)) {}

  // Nothing: it is no accelerator, as far as is known. The first setting that matches counts.
  std::optional<ChipResource> OfResource(std::string_view resource) const;
  std::optional<ChipResource> OfDriver(std::string_view driver) const;

 private:
  std::optional<ChipResource> Find(std::string_view name, bool is_driver) const;

  const std::vector<ChipResourceSetting> settings_;
};

// Which chip, or which part of a chip, an id names.
struct DeviceName {
  std::string uuid;
  std::optional<uint32_t> index;
  bool anonymous = false;
  std::string part;  // its id; empty: the whole chip
  // A part of a chip that the id does not name: `uuid` is the part's.
  bool part_of_unknown_chip = false;
};

// Replicas of a shared device ("::3", "/vgpu3") are the device. Nothing: the id has no number where
// one was expected.
std::optional<DeviceName> NameOfDevice(const ChipResource& resource, std::string_view id);

// Of a device of dynamic resource allocation, by the name that its driver gives it: "gpu-3",
// "gpu-3-mig-...".
std::optional<DeviceName> NameOfDraDevice(const ChipResource& resource, std::string_view device);

// Whether AMD's plugin means a partition of a chip by this id: "amdgpu_xcp_3". The first partition
// of each chip has the chip's address on the bus instead.
bool IsLaterAmdPartition(std::string_view id);

// Of an instance such as "1g.10gb" or a partition such as "cpx_nps4", of a chip with `slices`
// slices, or with as many as chips with such profiles have (0). 0: not known.
Micro ShareOfProfile(std::string_view profile, int64_t slices);

}  // namespace fleetmeter::collector
