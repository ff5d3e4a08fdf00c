#include "collectors/live/kubernetes/held_devices.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "collectors/live/kubernetes/chip_table.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostChips = 1'024;
constexpr int64_t kMostHoldings = 65'536;
constexpr size_t kMostKubeletRemarks = 10;
constexpr size_t kClaimUidBytes = 36;
constexpr char kAmdResource[] = "amd.com/gpu";
constexpr char kQueueLabel[] = "kueue.x-k8s.io/queue-name";
constexpr char kLocalQueueLabel[] = "kueue.x-k8s.io/local-queue-name";
constexpr char kClusterQueueLabel[] = "kueue.x-k8s.io/cluster-queue-name";

// What a pod holds is counted under this: its own attributes, and those of all its containers.
Holder HolderOf(const ::v1::PodResources& pod, const PodFacts* facts) {
  Holder holder;
  holder.name = fmt::format("pod {}/{}", pod.namespace_(), pod.name());
  holder.attributes.Set("namespace", pod.namespace_());
  holder.attributes.Set("pod", pod.name());
  if (facts == nullptr) return holder;
  holder.attributes.Set("owner", facts->owner);
  holder.attributes.Set("owner_kind", facts->owner_kind);
  for (const auto& [label, value] : facts->labels) holder.attributes.Set("label." + label, value);
  for (const char* label : {kQueueLabel, kLocalQueueLabel}) {
    const auto found = facts->labels.find(label);
    if (found != facts->labels.end()) holder.attributes.Set("queue", found->second);
  }
  const auto cluster_queue = facts->labels.find(kClusterQueueLabel);
  if (cluster_queue != facts->labels.end()) {
    holder.attributes.Set("cluster_queue", cluster_queue->second);
  }
  return holder;
}

// "nvidia.com/gpu=GPU-..." as kind and device. A device of a claim begins with the claim's UID.
std::pair<std::string_view, std::string_view> SplitCdiName(std::string_view name) {
  const size_t equals = name.find('=');
  if (equals == std::string_view::npos) return {};
  const std::string_view kind = name.substr(0, equals);
  std::string_view device = name.substr(equals + 1);
  if (kind.ends_with("/claim") && device.size() > kClaimUidBytes + 1 &&
      device[kClaimUidBytes] == '-') {
    device.remove_prefix(kClaimUidBytes + 1);
  }
  return {kind, device};
}

class KubeletReader {
 public:
  KubeletReader(const KubeletView& view, const ChipResources& resources)
      : view_(view), resources_(resources), chips_(view.host) {
    if (!view.allocatable) return;
    CountCores();
    CountAmdPartitions();
  }

  absl::StatusOr<Observation> Read() {
    if (view_.allocatable) {
      for (const auto& devices : view_.allocatable->devices()) AddDevices(devices, nullptr);
    }
    AddPublishedDevices();
    for (const auto& pod : view_.pods.pod_resources()) AddPod(pod);
    if (chips_.chips() > kMostChips || holdings_ > kMostHoldings) {
      return absl::ResourceExhaustedError(
          fmt::format("the kubelet lists {} chips that are held {} times; expected at most {} and "
                      "{}",
                      chips_.chips(), holdings_, kMostChips, kMostHoldings));
    }
    observation_.hosts.push_back(chips_.Take(observation_.counts));
    return std::move(observation_);
  }

 private:
  // How many cores a chip has, where the plugin offers both chips and cores.
  void CountCores() {
    std::map<std::string, std::pair<std::set<std::string>, std::set<std::string>>> ids;
    for (const auto& devices : view_.allocatable->devices()) {
      const auto resource = resources_.OfResource(devices.resource_name());
      if (!resource || resource->unit == DeviceUnit::kMig) continue;
      auto& [chips, cores] = ids[resource->family];
      auto& own = resource->unit == DeviceUnit::kCore ? cores : chips;
      own.insert(devices.device_ids().begin(), devices.device_ids().end());
    }
    for (const auto& [family, both] : ids) {
      const auto& [chips, cores] = both;
      if (chips.empty() || cores.size() % chips.size() != 0) continue;
      cores_a_chip_[family] = static_cast<int64_t>(cores.size() / chips.size());
    }
  }

  // AMD's plugin may call every partition amd.com/gpu. All chips of a node are then in one mode,
  // and the first partition of each has its address.
  void CountAmdPartitions() {
    std::set<std::string> first;
    std::set<std::string> later;
    for (const auto& devices : view_.allocatable->devices()) {
      if (devices.resource_name() != kAmdResource) continue;
      for (const std::string& id : devices.device_ids()) {
        (IsLaterAmdPartition(id) ? later : first).insert(id);
      }
    }
    if (later.empty() || first.empty() || later.size() % first.size() != 0) return;
    amd_partitions_ = static_cast<int64_t>(later.size() / first.size()) + 1;
  }

  bool HasRoom() const { return chips_.chips() <= kMostChips && holdings_ <= kMostHoldings; }

  void Remark(std::string remark) {
    ++observation_.counts.bad_lines;
    if (observation_.remarks.size() < kMostKubeletRemarks) {
      observation_.remarks.push_back(std::move(remark));
    }
  }

  // Null: nobody holds it.
  void Add(const NamedDevice& device, const Holder* holder) {
    if (!HasRoom()) return;
    if (holder == nullptr) return chips_.Offer(device);
    ++holdings_;
    chips_.Hold(device, *holder);
  }

  void AddDevices(const ::v1::ContainerDevices& devices, const Holder* holder) {
    const auto resource = resources_.OfResource(devices.resource_name());
    if (!resource) return;
    for (const std::string& id : devices.device_ids()) {
      if (auto device = DeviceOfPlugin(*resource, devices.resource_name(), id)) {
        Add(*device, holder);
      }
    }
  }

  std::optional<NamedDevice> DeviceOfPlugin(const ChipResource& resource,
                                            const std::string& resource_name,
                                            const std::string& id) {
    auto name = NameOfDevice(resource, id);
    if (!name) {
      Remark(fmt::format("a device of {} has no id; expected one", AsciiQuoted(resource_name)));
      return std::nullopt;
    }
    NamedDevice device{.resource = resource, .name = *std::move(name), .pool = {}, .model = {}};
    if (resource_name == kAmdResource) DivideAmd(id, device);
    if (resource.unit == DeviceUnit::kCore && !PlaceCore(resource_name, id, device)) {
      return std::nullopt;
    }
    const bool is_instance = device.name.part_of_unknown_chip ||
                             (resource.unit != DeviceUnit::kCore && !device.name.part.empty());
    if (is_instance && resource_name != kAmdResource) {
      device.share = ShareOfProfile(resource.profile, resource.parts);
    }
    return device;
  }

  // A chip that is in partitions has one share of the chip by each of its ids. Without the list of
  // all that the node has, the share of a partition is not known.
  void DivideAmd(const std::string& id, NamedDevice& device) const {
    if (amd_partitions_ == 0 && !IsLaterAmdPartition(id)) return;
    device.name.part_of_unknown_chip = true;
    device.name.anonymous = false;
    const int64_t parts = device.resource.parts > 0 ? device.resource.parts : amd_partitions_;
    device.share = parts > 0 ? kOne / parts : 0;
  }

  // From a core's number to its chip.
  bool PlaceCore(const std::string& resource_name, const std::string& id, NamedDevice& device) {
    const auto counted = cores_a_chip_.find(device.resource.family);
    const int64_t cores = device.resource.parts > 0        ? device.resource.parts
                          : counted != cores_a_chip_.end() ? counted->second
                                                           : 0;
    if (cores <= 0 || !device.name.index) {
      Remark(
          fmt::format("the chip of core {} of {} is not known; expected a number, and the key "
                      "parts of this resource",
                      AsciiQuoted(id), AsciiQuoted(resource_name)));
      return false;
    }
    const auto core = static_cast<int64_t>(*device.name.index);
    device.name.index = static_cast<uint32_t>(core / cores);
    device.name.part = fmt::format("core {}", core);  // as the source neuron calls it
    device.share = kOne / cores;
    return true;
  }

  // Devices of claims that drivers publish for this host, held or not.
  void AddPublishedDevices() {
    for (const auto& [triplet, published] : view_.slices) {
      if (published.node != view_.host) continue;
      const auto& [driver, pool, name] = triplet;
      if (published.may_be_made) continue;
      if (auto device = DeviceOfClaim(driver, pool, name)) Add(*device, nullptr);
    }
  }

  void AddPod(const ::v1::PodResources& pod) {
    const PodFacts* facts = nullptr;
    if (view_.pod_facts) {
      const auto found = view_.pod_facts->find({pod.namespace_(), pod.name()});
      if (found != view_.pod_facts->end()) facts = &found->second;
    }
    // Some kubelets list what ended pods held.
    if (facts != nullptr && facts->ended) return;
    Holder holder = HolderOf(pod, facts);
    std::vector<std::string> containers;
    for (const auto& container : pod.containers()) containers.push_back(container.name());
    holder.attributes.Set("container", std::move(containers));
    for (const auto& container : pod.containers()) AddContainer(container, holder);
  }

  void AddContainer(const ::v1::ContainerResources& container, Holder& holder) {
    for (const auto& devices : container.devices()) {
      holder.attributes.Set("resource", devices.resource_name());
      AddDevices(devices, &holder);
    }
    for (const auto& claim : container.dynamic_resources()) {
      for (const auto& claimed : claim.claim_resources()) AddClaimed(claim, claimed, holder);
    }
  }

  void AddClaimed(const ::v1::DynamicResource& claim, const ::v1::ClaimResource& claimed,
                  Holder holder) {
    std::optional<NamedDevice> device;
    if (!claimed.device_name().empty()) {
      device = DeviceOfClaim(claimed.driver_name(), claimed.pool_name(), claimed.device_name());
    } else if (claimed.cdi_devices_size() > 0) {
      device = DeviceOfCdi(claimed.cdi_devices(0).name());
    }
    if (!device) return;
    holder.attributes.Set("resource", claimed.driver_name());
    holder.attributes.Set("claim", claim.claim_name());
    Add(*device, &holder);
  }

  std::optional<NamedDevice> DeviceOfClaim(const std::string& driver, const std::string& pool,
                                           const std::string& name) const {
    const auto resource = resources_.OfDriver(driver);
    if (!resource) return std::nullopt;
    const auto published = view_.slices.find({driver, pool, name});
    const SliceDevice* known = published == view_.slices.end() ? nullptr : &published->second;
    if (known != nullptr && !known->uuid.empty()) return PublishedDevice(*resource, pool, *known);
    if (known != nullptr && !known->amd_place.empty()) {
      return AmdDevice(*resource, pool, name, *known);
    }
    auto named = NameOfDraDevice(*resource, name);
    if (!named) return std::nullopt;
    NamedDevice device{.resource = *resource, .name = *std::move(named), .pool = pool, .model = {}};
    if (known != nullptr) device.model = known->model;
    if (!device.name.part.empty()) {
      device.share = ShareOfProfile(resource->profile, resource->parts);
    }
    return device;
  }

  static NamedDevice PublishedDevice(const ChipResource& resource, const std::string& pool,
                                     const SliceDevice& published) {
    NamedDevice device{.resource = resource, .name = {}, .pool = pool, .model = published.model};
    device.name.uuid = published.uuid;
    if (published.parent_uuid.empty()) return device;
    device.name.uuid = published.parent_uuid;
    device.name.part = published.uuid;
    device.share = ShareOfProfile(published.profile, resource.parts);
    return device;
  }

  // A chip, or one of its partitions. Its exporters have other names for it.
  static NamedDevice AmdDevice(const ChipResource& resource, const std::string& pool,
                               const std::string& name, const SliceDevice& published) {
    NamedDevice device{.resource = resource, .name = {}, .pool = pool, .model = published.model};
    device.name.uuid = published.amd_place;
    device.name.anonymous = true;
    if (!published.is_amd_partition) return device;
    device.name.part = name;
    device.share = ShareOfProfile(published.profile, resource.parts);
    return device;
  }

  std::optional<NamedDevice> DeviceOfCdi(const std::string& cdi) const {
    const auto [kind, id] = SplitCdiName(cdi);
    auto resource = resources_.OfResource(kind);
    auto driver = kind.substr(0, kind.find('/'));
    if (driver.starts_with("k8s.")) driver.remove_prefix(4);
    if (!resource) resource = resources_.OfDriver(driver);
    if (!resource) return std::nullopt;
    auto named = NameOfDraDevice(*resource, id);
    if (!named) return std::nullopt;
    return NamedDevice{
        .resource = *resource, .name = *std::move(named), .pool = std::string(driver), .model = {}};
  }

  const KubeletView& view_;
  const ChipResources& resources_;
  ChipTable chips_;
  std::map<std::string, int64_t> cores_a_chip_;  // by family
  int64_t amd_partitions_ = 0;                   // of each chip; 0: they are whole, or not counted
  int64_t holdings_ = 0;
  Observation observation_;
};

}  // namespace

absl::StatusOr<Observation> ObserveKubelet(const KubeletView& view,
                                           const ChipResources& resources) {
  return KubeletReader(view, resources).Read();
}

}  // namespace fleetmeter::collector
