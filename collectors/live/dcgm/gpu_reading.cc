#include "collectors/live/dcgm/gpu_reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <tuple>
#include <utility>

#include "collectors/live/dcgm/mig_slices.h"

namespace fleetmeter::collector::dcgm {
namespace {

constexpr double kPercent = 100;
// Of a MIG instance, profiling gives up to 1.29 of what is possible.
constexpr double kInstanceTolerance = 0.5;
constexpr char kGrEngineActive[] = "gr_engine_active";
constexpr char kGpuUtil[] = "gpu_util";

// Far above 1 is tolerated for instances, below 0 for nothing.
std::optional<Micro> TakeRatio(double value, bool of_instance, ReadingCounts& counts) {
  const bool above = of_instance && value > 0;
  return TakeMicro(value, 1, &counts, above ? kInstanceTolerance : kReadingTolerance);
}

void SetActivity(std::optional<Micro> activity, const char* signal, DevicePart& part) {
  part.activity = activity;
  if (activity) part.signal = signal;
}

// 1 is 1% or all of the time, as long as nothing else tells which.
std::optional<Micro> TakeGpuUtilRatio(double value, std::optional<double> full,
                                      ReadingCounts& counts) {
  if (full) return TakeMicro(value, *full, &counts);
  if (value == 0) return 0;
  ++counts.unmeasured;
  return std::nullopt;
}

// A value that is there and cannot be is no reason to take another signal for it.
void TakeActivity(const PartRecord& record, bool of_instance, const ReadingRules& rules,
                  ReadingCounts& counts, DevicePart& part) {
  if (const auto ratio = record.Get(Family::kGrEngine)) {
    SetActivity(TakeRatio(*ratio, of_instance, counts), kGrEngineActive, part);
  } else if (of_instance) {
    return;  // the utilization of an instance is absent or 0, whatever it does
  } else if (const auto percent = record.Get(Family::kGpuUtil)) {
    SetActivity(TakeMicro(*percent, kPercent, &counts), kGpuUtil, part);
  } else if (const auto util = record.Get(Family::kGpuUtilRatio)) {
    SetActivity(TakeGpuUtilRatio(*util, rules.full_gpu_util_ratio, counts), kGpuUtil, part);
  }
}

std::optional<Micro> MemoryOf(const PartRecord& record) {
  ReadingCounts ignored;
  const auto used = record.Get(Family::kMemoryUsed);
  const auto free = record.Get(Family::kMemoryFree);
  if (used && free && *used >= 0 && *free >= 0 && *used + *free > 0) {
    return TakeMicro(*used / (*used + *free), 1, &ignored);
  }
  const auto ratio = record.Get(Family::kMemoryRatio);
  return ratio ? TakeMicro(*ratio, 1, &ignored) : std::nullopt;
}

DevicePart MakePart(const PartRecord& record, bool of_instance, const ReadingRules& rules,
                    ReadingCounts& counts) {
  DevicePart part;
  TakeActivity(record, of_instance, rules, counts, part);
  const auto tensor = record.Get(Family::kTensor);
  if (tensor && part.activity) part.productive = TakeRatio(*tensor, of_instance, counts);
  part.memory = MemoryOf(record);
  part.knows_holders = rules.knows_holders;
  for (const auto& [key, holder] : record.holders) part.holders.push_back(holder);
  return part;
}

// "7" before "11".
std::vector<const std::pair<const std::string, PartRecord>*> InOrder(const GpuRecord& gpu) {
  std::vector<const std::pair<const std::string, PartRecord>*> instances;
  for (const auto& instance : gpu.instances) instances.push_back(&instance);
  std::sort(instances.begin(), instances.end(), [](const auto* a, const auto* b) {
    return std::make_pair(a->first.size(), std::string_view(a->first)) <
           std::make_pair(b->first.size(), std::string_view(b->first));
  });
  return instances;
}

// Slices of each instance, in their order, and of the whole chip behind them. Empty: unknown.
std::vector<int> SlicesOf(const GpuRecord& gpu) {
  std::vector<int> slices;
  std::vector<std::string_view> profiles;
  int used = 0;
  for (const auto* instance : InOrder(gpu)) {
    const PartRecord& part = instance->second;
    const auto own = SlicesOfProfile(part.profile);
    if (!own || part.two_profiles) return {};
    profiles.emplace_back(part.profile);
    slices.push_back(*own);
    used += *own;
  }
  const auto all = SlicesOfChip(gpu.model, profiles);
  if (!all || used > *all) return {};
  slices.push_back(*all);
  return slices;
}

// A pod that is named for the whole chip holds all instances, unless instances have their own.
void SpreadHolders(const GpuRecord& gpu, std::vector<DevicePart>& parts) {
  const bool own = std::any_of(parts.begin(), parts.end(),
                               [](const DevicePart& part) { return !part.holders.empty(); });
  if (own) return;
  for (DevicePart& part : parts) {
    for (const auto& [key, holder] : gpu.whole.holders) part.holders.push_back(holder);
  }
}

// What is known of a chip whose instances cannot be weighed: who is on it.
std::vector<DevicePart> Undivided(const GpuRecord& gpu, const ReadingRules& rules) {
  std::map<std::string, Holder> holders = gpu.whole.holders;
  for (const auto& [id, instance] : gpu.instances) {
    holders.insert(instance.holders.begin(), instance.holders.end());
  }
  DevicePart part;
  part.knows_holders = rules.knows_holders;
  for (auto& [key, holder] : holders) part.holders.push_back(std::move(holder));
  return {std::move(part)};
}

// What the instances leave of the chip is free. Shares are differences of rounded sums, so that
// seven sevenths are one.
std::vector<DevicePart> Divided(const GpuRecord& gpu, const std::vector<int>& slices,
                                const ReadingRules& rules, ReadingCounts& counts) {
  std::vector<DevicePart> parts;
  const Micro all = slices.back();
  Micro before = 0;
  Micro sum = 0;
  for (const auto* instance : InOrder(gpu)) {
    DevicePart part = MakePart(instance->second, true, rules, counts);
    part.id = instance->first;
    sum += slices[parts.size()];
    const Micro until = (sum * kOne + all / 2) / all;
    part.share = until - before;
    before = until;
    parts.push_back(std::move(part));
  }
  SpreadHolders(gpu, parts);
  return parts;
}

std::vector<DevicePart> PartsOf(const GpuRecord& gpu, const ReadingRules& rules,
                                ReadingCounts& counts, std::vector<std::string>& remarks) {
  if (gpu.instances.empty()) return {MakePart(gpu.whole, false, rules, counts)};
  const std::vector<int> slices = SlicesOf(gpu);
  if (!slices.empty()) return Divided(gpu, slices, rules, counts);
  remarks.push_back(
      fmt::format("GPU {} has MIG instances whose parts of it are not known, so that it is not "
                  "measured; expected profiles that fit into a known model",
                  gpu.uuid));
  return Undivided(gpu, rules);
}

void TakeFitness(const GpuRecord& gpu, const ReadingRules& rules, DeviceReading& device) {
  const auto broken = std::find_if(gpu.xids.begin(), gpu.xids.end(),
                                   [&](int64_t xid) { return rules.broken_xids.contains(xid); });
  if (!gpu.failed_watch.empty()) {
    device.fitness_reason = fmt::format("DCGM's health watch fails: {}", gpu.failed_watch);
  } else if (gpu.row_remap_failed) {
    device.fitness_reason = "remapping of a memory row failed";
  } else if (broken != gpu.xids.end()) {
    device.fitness_reason = fmt::format("XID {}", *broken);
  }
  if (!device.fitness_reason.empty()) {
    device.fitness = Fitness::kBroken;
  } else if (gpu.health_told) {
    device.fitness = Fitness::kFit;
  }
}

auto Measured(const DevicePart& part) {
  return std::tie(part.id, part.share, part.activity, part.signal, part.productive);
}

bool MeasuredAlike(const DeviceReading& a, const DeviceReading& b) {
  return std::equal(
      a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(),
      [](const DevicePart& x, const DevicePart& y) { return Measured(x) == Measured(y); });
}

void AddHolders(const std::vector<Holder>& more, std::vector<Holder>& holders) {
  for (const Holder& holder : more) {
    const bool known = std::any_of(holders.begin(), holders.end(),
                                   [&](const Holder& own) { return own.name == holder.name; });
    if (!known) holders.push_back(holder);
  }
}

}  // namespace

DeviceReading MakeReading(const GpuRecord& gpu, const ReadingRules& rules, ReadingCounts& counts,
                          std::vector<std::string>& remarks) {
  DeviceReading device;
  device.uuid = gpu.uuid;
  device.index = gpu.index;
  device.model = gpu.model;
  device.parts = PartsOf(gpu, rules, counts, remarks);
  TakeFitness(gpu, rules, device);
  return device;
}

void MergeReading(DeviceReading& first, const DeviceReading& second) {
  if (!MeasuredAlike(first, second)) {
    for (DevicePart& part : first.parts) {
      part.activity.reset();
      part.productive.reset();
      part.signal.clear();
    }
  }
  for (const DevicePart& part : second.parts) {
    const auto same = std::find_if(first.parts.begin(), first.parts.end(),
                                   [&](const DevicePart& own) { return own.id == part.id; });
    if (same != first.parts.end()) AddHolders(part.holders, same->holders);
  }
  if (second.fitness > first.fitness) {
    first.fitness = second.fitness;
    first.fitness_reason = second.fitness_reason;
  }
}

}  // namespace fleetmeter::collector::dcgm
