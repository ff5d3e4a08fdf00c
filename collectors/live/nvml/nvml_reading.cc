#include "collectors/live/nvml/nvml_reading.h"

#include <fmt/format.h>

#include <algorithm>

namespace fleetmeter::collector {
namespace {

class NvmlHostMaker {
 public:
  NvmlHostMaker(bool free_without_process, const NvmlHolderOf& holder_of, ReadingCounts& counts)
      : free_without_process_(free_without_process), holder_of_(holder_of), counts_(counts) {}

  DeviceReading Make(const NvmlDevice& from) {
    DeviceReading device;
    device.uuid = from.uuid;
    device.index = from.index;
    device.model = from.name;
    TakeHealth(from, device);
    if (from.mig) {
      TakeMigDevices(from, device);
    } else {
      TakeWhole(from, device.parts.front());
    }
    return device;
  }

 private:
  static void TakeHealth(const NvmlDevice& from, DeviceReading& device) {
    if (from.answers) device.fitness = Fitness::kFit;
    if (!from.drained.empty()) {
      device.fitness = Fitness::kDrained;
      device.fitness_reason = from.drained;
    }
    if (!from.broken.empty()) {
      device.fitness = Fitness::kBroken;
      device.fitness_reason = from.broken;
    }
  }

  void TakeWhole(const NvmlDevice& from, DevicePart& part) {
    if (from.utilization) {
      part.activity = TakeMicro(*from.utilization, 1, &counts_);
      if (part.activity) part.signal = kNvmlSignal;
    }
    part.memory = MemoryOf(from.memory);
    TakeHolders(from, [](const NvmlProcess&) { return true; }, part);
  }

  void TakeMigDevices(const NvmlDevice& from, DeviceReading& device) {
    device.parts.clear();
    int64_t slices = 0;  // of the parts until now
    // Differences of sums, so that seven sevenths are one.
    const auto upto = [&] { return from.slices == 0 ? 0 : kOne * slices / from.slices; };
    for (const NvmlMigDevice& mig : from.mig_devices) {
      DevicePart part;
      part.id = mig.uuid.empty() ? fmt::format("{}/{}", mig.gpu_instance, mig.compute_instance)
                                 : mig.uuid;
      const Micro before = upto();
      slices += SlicesOf(from, mig);
      part.share = upto() - before;
      part.memory = MemoryOf(mig.memory);
      const auto is_on = [&](const NvmlProcess& process) {
        return process.gpu_instance == mig.gpu_instance &&
               process.compute_instance == mig.compute_instance;
      };
      TakeHolders(from, is_on, part);
      device.parts.push_back(std::move(part));
    }
    // A chip that is divided into nothing yet.
    if (device.parts.empty()) TakeHolders(from, [](const auto&) { return true; }, OnePart(device));
  }

  static DevicePart& OnePart(DeviceReading& device) { return device.parts.emplace_back(); }

  // The slices of a GPU instance are those of its compute instance, unless it has several.
  static int64_t SlicesOf(const NvmlDevice& from, const NvmlMigDevice& mig) {
    const auto siblings =
        std::count_if(from.mig_devices.begin(), from.mig_devices.end(),
                      [&](const auto& other) { return other.gpu_instance == mig.gpu_instance; });
    return siblings > 1 ? mig.compute_slices : mig.gpu_slices;
  }

  std::optional<Micro> MemoryOf(const std::optional<NvmlMemoryUse>& use) {
    if (!use || use->total == 0) return std::nullopt;
    return TakeMicro(static_cast<double>(use->used), static_cast<double>(use->total), &counts_);
  }

  template <class IsOn>
  void TakeHolders(const NvmlDevice& from, IsOn is_on, DevicePart& part) {
    if (!from.processes) return;
    if (free_without_process_) part.knows_holders = Holders::kKnown;
    for (const NvmlProcess& process : *from.processes) {
      if (!is_on(process)) continue;
      Holder holder = holder_of_(process.pid);
      const bool again =
          std::any_of(part.holders.begin(), part.holders.end(),
                      [&](const Holder& other) { return other.name == holder.name; });
      if (!again) part.holders.push_back(std::move(holder));
      part.knows_holders = Holders::kKnown;
    }
  }

  const bool free_without_process_;
  const NvmlHolderOf& holder_of_;
  ReadingCounts& counts_;
};

}  // namespace

HostReading ReadNvml(const std::vector<NvmlDevice>& devices, bool free_without_process,
                     const NvmlHolderOf& holder_of, ReadingCounts& counts) {
  HostReading host;
  NvmlHostMaker maker(free_without_process, holder_of, counts);
  for (const NvmlDevice& device : devices) host.devices.push_back(maker.Make(device));
  return host;
}

void NvmlXidWatch::Note(const std::vector<std::pair<std::string, uint64_t>>& xids,
                        int64_t monotonic_nanos) {
  for (const auto& [uuid, xid] : xids) {
    if (unhealthy_.contains(xid)) seen_[uuid] = {xid, monotonic_nanos + kept_for_nanos_};
  }
}

void NvmlXidWatch::Judge(int64_t monotonic_nanos, HostReading& host) const {
  for (DeviceReading& device : host.devices) {
    const auto seen = seen_.find(device.uuid);
    if (seen == seen_.end() || seen->second.until <= monotonic_nanos) continue;
    if (device.fitness == Fitness::kBroken) continue;
    device.fitness = Fitness::kBroken;
    device.fitness_reason = fmt::format("XID {}", seen->second.xid);
  }
}

void NvmlMemoryOfNames::Complete(std::vector<NvmlDevice>& devices) {
  for (NvmlDevice& device : devices) {
    auto& [uuid, name] = seen_[device.index];
    if (device.uuid.empty()) device.uuid = uuid;
    if (device.name.empty()) device.name = name;
    uuid = device.uuid;
    name = device.name;
  }
}

}  // namespace fleetmeter::collector
