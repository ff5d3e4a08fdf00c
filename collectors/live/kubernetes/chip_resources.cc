#include "collectors/live/kubernetes/chip_resources.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "collectors/attribution/glob.h"

namespace fleetmeter::collector {
namespace {

constexpr std::string_view kMigResource = "nvidia.com/mig-";
constexpr std::string_view kAmd = "amd.com/";
constexpr std::string_view kAmdPartition = "amdgpu_xcp";
constexpr std::string_view kReplica = "::";
constexpr std::string_view kVirtualGpu = "/vgpu";
constexpr std::string_view kGpuInstance = "/gi";
constexpr std::string_view kOldMig = "MIG-GPU-";
constexpr std::string_view kDraMig = "-mig-";
constexpr int64_t kUsualSlices = 7;
constexpr int64_t kFewSlices = 4;
constexpr int64_t kMostSlices = 64;

struct KnownResource {
  const char* name;
  const char* family;
  DeviceIds ids;
  DeviceUnit unit = DeviceUnit::kChip;
};

// The ids of AMD's plugin are PCI addresses and those of Intel's for Gaudi are serial numbers.
// Their exporters name chips otherwise, so that only the number of chips can be relied on.
constexpr auto kKnownResources = std::to_array<KnownResource>({
    {"nvidia.com/gpu", "nvidia", DeviceIds::kUuid},
    {"nvidia.com/gpu.shared", "nvidia", DeviceIds::kUuid},
    {"nvidia.com/mig-*", "nvidia", DeviceIds::kUuid, DeviceUnit::kMig},
    {"amd.com/gpu", "amd", DeviceIds::kCount},
    {"amd.com/spx_nps*", "amd", DeviceIds::kCount},
    {"amd.com/?px_nps*", "amd", DeviceIds::kCount, DeviceUnit::kMig},
    {"habana.ai/gaudi", "gaudi", DeviceIds::kCount},
    {"google.com/tpu", "tpu", DeviceIds::kIndex},
    {"aws.amazon.com/neuron", "neuron", DeviceIds::kIndex},
    {"aws.amazon.com/neurondevice", "neuron", DeviceIds::kIndex},
    {"aws.amazon.com/neuroncore", "neuron", DeviceIds::kIndex, DeviceUnit::kCore},
});

constexpr auto kKnownDrivers = std::to_array<KnownResource>({
    {"gpu.nvidia.com", "nvidia", DeviceIds::kIndex},
    {"gpu.amd.com", "amd", DeviceIds::kCount},
    {"gaudi.intel.com", "gaudi", DeviceIds::kCount},
    {"neuron.aws.com", "neuron", DeviceIds::kIndex},
    {"tpu.google.com", "tpu", DeviceIds::kIndex},
});

// Profiles of chips with four slices. "1g.24gb" is left out on purpose: chips with four and chips
// with seven slices have it.
constexpr std::array<std::string_view, 5> kOfFourSlices = {"1g.6gb", "2g.12gb", "4g.24gb",
                                                           "2g.48gb", "4g.96gb"};
constexpr std::string_view kOfEither = "1g.24gb";

// Into how many partitions a mode divides AMD's chips of eight dies. MI300A has six, so that its
// CPX needs the key `parts`.
constexpr auto kAmdModes = std::to_array<std::pair<std::string_view, int64_t>>(
    {{"spx", 1}, {"dpx", 2}, {"tpx", 3}, {"qpx", 4}, {"cpx", 8}});

template <size_t size>
std::optional<ChipResource> FindKnown(const std::array<KnownResource, size>& all,
                                      std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const KnownResource& known) {
    return MatchesGlob(known.name, name);
  });
  if (found == all.end()) return std::nullopt;
  ChipResource resource;
  resource.family = found->family;
  resource.ids = found->ids;
  resource.unit = found->unit;
  if (name.starts_with(kMigResource)) resource.profile = name.substr(kMigResource.size());
  if (name.starts_with(kAmd) && resource.unit == DeviceUnit::kMig) {
    resource.profile = name.substr(kAmd.size());
  }
  return resource;
}

std::optional<uint32_t> NumberOf(std::string_view digits) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// Of "neuron3", "/dev/vfio/3" and "3".
std::optional<uint32_t> NumberAtEnd(std::string_view id) {
  const size_t last = id.find_last_not_of("0123456789");
  return NumberOf(last == std::string_view::npos ? id : id.substr(last + 1));
}

std::string_view WithoutReplica(std::string_view id) {
  id = id.substr(0, id.find(kReplica));
  return id.substr(0, id.find(kVirtualGpu));
}

std::optional<DeviceName> NameByNumber(std::optional<uint32_t> index) {
  if (!index) return std::nullopt;
  DeviceName name;
  name.index = index;
  return name;
}

// "nvidia0" and "nvidia0/gi3", as GKE's plugin calls them.
std::optional<DeviceName> NameOfNvidiaMinor(std::string_view id) {
  const size_t instance = id.find(kGpuInstance);
  auto name = NameByNumber(NumberAtEnd(id.substr(0, instance)));
  if (name && instance != std::string_view::npos) {
    name->part = id.substr(instance + kGpuInstance.size());
  }
  return name;
}

// "MIG-GPU-<uuid>/<instance>/<compute instance>": the older form names the chip.
DeviceName NameOfOldMig(std::string_view id) {
  DeviceName name;
  const size_t slash = id.find('/');
  name.uuid = id.substr(4, slash == std::string_view::npos ? slash : slash - 4);
  if (slash != std::string_view::npos) {
    const std::string_view rest = id.substr(slash + 1);
    name.part = rest.substr(0, rest.find('/'));
  }
  return name;
}

}  // namespace

std::optional<ChipResource> ChipResources::OfResource(std::string_view resource) const {
  return Find(resource, false);
}

std::optional<ChipResource> ChipResources::OfDriver(std::string_view driver) const {
  return Find(driver, true);
}

std::optional<ChipResource> ChipResources::Find(std::string_view name, bool is_driver) const {
  auto resource = is_driver ? FindKnown(kKnownDrivers, name) : FindKnown(kKnownResources, name);
  const auto own =
      std::find_if(settings_.begin(), settings_.end(), [&](const ChipResourceSetting& setting) {
        return setting.is_driver == is_driver && MatchesGlob(setting.pattern, name);
      });
  if (own == settings_.end()) return resource;
  if (!resource) {
    resource.emplace();
    resource->family = name;
  }
  if (!own->kind.empty()) resource->kind = own->kind;
  if (!own->profile.empty()) resource->profile = own->profile;
  if (own->ids) resource->ids = *own->ids;
  if (own->parts > 0) resource->parts = own->parts;
  return resource;
}

std::optional<DeviceName> NameOfDevice(const ChipResource& resource, std::string_view id) {
  id = WithoutReplica(id);
  if (id.empty()) return std::nullopt;
  if (id.starts_with(kOldMig)) return NameOfOldMig(id);
  DeviceName name;
  name.uuid = id;
  if (id.starts_with("MIG-")) {
    name.part_of_unknown_chip = true;
    return name;
  }
  if (id.starts_with("GPU-")) return name;
  if (id.starts_with("nvidia")) return NameOfNvidiaMinor(id);
  if (resource.ids == DeviceIds::kIndex) return NameByNumber(NumberAtEnd(id));
  name.part_of_unknown_chip = resource.unit == DeviceUnit::kMig && !resource.profile.empty();
  name.anonymous = resource.ids == DeviceIds::kCount && !name.part_of_unknown_chip;
  return name;
}

std::optional<DeviceName> NameOfDraDevice(const ChipResource& resource, std::string_view device) {
  if (device.empty()) return std::nullopt;
  if (device.starts_with("GPU-") || device.starts_with("MIG-") ||
      resource.ids != DeviceIds::kIndex) {
    return NameOfDevice(resource, device);
  }
  const size_t mig = device.find(kDraMig);
  auto name = NameByNumber(NumberAtEnd(device.substr(0, mig)));
  if (name && mig != std::string_view::npos) name->part = device;
  return name;
}

bool IsLaterAmdPartition(std::string_view id) { return id.starts_with(kAmdPartition); }

Micro ShareOfProfile(std::string_view profile, int64_t slices) {
  for (const auto& [mode, partitions] : kAmdModes) {
    if (profile.starts_with(mode)) return kOne / (slices > 0 ? slices : partitions);
  }
  const size_t end = profile.find("g.");
  if (end == std::string_view::npos) return 0;
  const auto own = NumberOf(profile.substr(0, end));
  if (!own || *own == 0 || *own > kMostSlices) return 0;
  if (slices == 0) {
    // "1g.10gb.me" has the slices of "1g.10gb".
    const std::string_view bare = profile.substr(0, profile.find("gb", end) + 2);
    if (bare == kOfEither) return 0;
    const bool few =
        std::find(kOfFourSlices.begin(), kOfFourSlices.end(), bare) != kOfFourSlices.end();
    slices = few ? kFewSlices : kUsualSlices;
  }
  return std::min<Micro>(kOne, kOne * *own / slices);
}

}  // namespace fleetmeter::collector
