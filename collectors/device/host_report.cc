#include "collectors/device/host_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace fleetmeter::collector {
namespace {

constexpr uint32_t kMostDeviceNumber = 65'535;

// In the order in which a report numbers them.
std::vector<const DeviceReading*> SortedDevices(const HostReading& host) {
  std::vector<const DeviceReading*> devices;
  for (const DeviceReading& device : host.devices) devices.push_back(&device);
  const auto key = [](const DeviceReading* device) {
    return std::make_tuple(!device->index, device->index.value_or(0),
                           std::string_view(device->uuid));
  };
  std::stable_sort(devices.begin(), devices.end(),
                   [&](const auto* a, const auto* b) { return key(a) < key(b); });
  return devices;
}

// The devices' own indexes if they tell the devices apart, so that a report and the machine speak
// of the same ones; else their places.
bool HaveUsableIndexes(const std::vector<const DeviceReading*>& devices) {
  std::set<uint32_t> seen;
  return std::all_of(devices.begin(), devices.end(), [&](const DeviceReading* device) {
    return device->index && *device->index <= kMostDeviceNumber &&
           seen.insert(*device->index).second;
  });
}

// The holders of one part that are counted in one place.
struct Claim {
  std::optional<Assignment> assignment;
  std::string holder;
  std::string rule;
  std::string about;  // what is known of the first holder; only where no rule takes it
};

std::vector<Claim> ClaimsOf(const std::vector<Holder>& holders) {
  std::vector<Claim> claims;
  std::set<std::string> named;  // a job may come twice for one chip
  for (const Holder& holder : holders) {
    const bool is_new = named.insert(holder.name).second;
    const auto found = std::find_if(claims.begin(), claims.end(), [&](const Claim& claim) {
      return claim.assignment == holder.assignment;
    });
    if (found == claims.end()) {
      claims.push_back({holder.assignment, holder.name, holder.rule,
                        holder.assignment ? "" : holder.attributes.Describe()});
    } else if (is_new && !holder.name.empty()) {
      found->holder += (found->holder.empty() ? "" : ", ") + holder.name;
    }
  }
  return claims;
}

void Assign(const Assignment& assignment, Holding& holding) {
  holding.pool = assignment.pool;
  holding.team = assignment.team;
  holding.workload = assignment.workload;
  holding.workload_type = assignment.workload_type;
  holding.model = assignment.model;
  holding.run = assignment.run;
}

v1::ChipState StateOfFree(Fitness fitness) {
  switch (fitness) {
    case Fitness::kReserved:
      return v1::CHIP_STATE_RESERVED;
    case Fitness::kDrained:
    case Fitness::kBroken:
      return v1::CHIP_STATE_UNHEALTHY;
    case Fitness::kUnknown:
    case Fitness::kFit:
      break;
  }
  return v1::CHIP_STATE_UNASSIGNED;
}

std::string Because(const DeviceReading& device, const std::string& what) {
  return device.fitness_reason.empty() ? what : what + ": " + device.fitness_reason;
}

std::string WhyFree(const DeviceReading& device) {
  switch (device.fitness) {
    case Fitness::kReserved:
      return Because(device, "nobody holds it, and it is withheld");
    case Fitness::kDrained:
      return Because(device, "nobody holds it, and it takes no new work");
    case Fitness::kBroken:
      return Because(device, "it is broken");
    case Fitness::kUnknown:
    case Fitness::kFit:
      break;
  }
  return "nobody holds it";
}

// Judges the parts of one host.
class Judge {
 public:
  // `unheard`: of the host's reading.
  Judge(const ReportOptions& options, const std::string& unheard, ObservationCounts& counts)
      : options_(options), unheard_(unheard), counts_(counts) {}

  void Add(const DeviceReading& device, uint32_t number) {
    device_ = &device;
    number_ = number;
    if (device.kind.empty()) ++counts_.unknown_kinds;
    Micro left = kOne;
    unattributed_ = false;
    for (const DevicePart& part : device.parts) {
      // Slices of a chip that add up to more than it are cut to it.
      const Micro share = std::clamp<Micro>(part.share, 0, left);
      left -= share;
      if (share > 0) AddPart(part, share);
    }
    if (left > 0) AddFree(DevicePart(), left, "no part of the chip covers it");
    if (unattributed_) ++counts_.unattributed_chips;
  }

  std::vector<ReportedPart> Take() { return std::move(parts_); }

 private:
  ReportedPart Begin(const DevicePart& part, Micro share) const {
    ReportedPart reported;
    reported.device = device_->index ? std::to_string(*device_->index) : DeviceLabel(*device_);
    reported.index = device_->index;
    reported.uuid = device_->uuid;
    reported.part = part.id;
    reported.also_called = part.also_called;
    reported.model = device_->model;
    reported.number = number_;
    reported.share = share;
    reported.holding.chip = device_->kind.empty() ? options_.unknown_kind : device_->kind;
    reported.left_out = reported.holding.chip.empty();
    return reported;
  }

  void AddPart(const DevicePart& part, Micro share) {
    if (device_->fitness == Fitness::kBroken) {
      AddBroken(part, share);
    } else if (!part.holders.empty()) {
      AddHeld(part, share);
    } else if (part.knows_holders == Holders::kUnknown) {
      AddClaim({}, part, share, "its source cannot tell who holds it, and no rule takes the chip");
    } else if (!unheard_.empty() && StateOfFree(device_->fitness) == v1::CHIP_STATE_UNASSIGNED) {
      AddClaim({}, part, share,
               fmt::format("{} decides who holds it, and has never answered", unheard_));
    } else if (part.activity.value_or(0) >= options_.unclaimed_from) {
      AddClaim({}, part, share, "nobody is known to hold it, and yet it is busy");
    } else {
      AddFree(part, share, "");
    }
  }

  void AddBroken(const DevicePart& part, Micro share) {
    ReportedPart reported = Begin(part, share);
    reported.holding.state = v1::CHIP_STATE_UNHEALTHY;
    for (const Claim& claim : ClaimsOf(part.holders)) {
      if (!claim.assignment) continue;
      reported.holding.pool = claim.assignment->pool;
      reported.holder = claim.holder;
      reported.rule = claim.rule;
      break;
    }
    reported.reason = Because(*device_, "it is broken");
    parts_.push_back(std::move(reported));
  }

  void AddFree(const DevicePart& part, Micro share, std::string why) {
    ReportedPart reported = Begin(part, share);
    reported.holding.state = StateOfFree(device_->fitness);
    reported.reason = why.empty() ? WhyFree(*device_) : std::move(why);
    parts_.push_back(std::move(reported));
  }

  // An even division: the first ones get what does not divide.
  void AddHeld(const DevicePart& part, Micro share) {
    const std::vector<Claim> claims = ClaimsOf(part.holders);
    const auto count = static_cast<Micro>(claims.size());
    for (Micro i = 0; i < count; ++i) {
      const Claim& claim = claims[static_cast<size_t>(i)];
      const Micro piece = share / count + (i < share % count ? 1 : 0);
      const std::string who = claim.holder.empty() ? "the chip" : claim.holder;
      if (piece > 0) AddClaim(claim, part, piece, WhyHeld(claim, who));
    }
  }

  std::string WhyHeld(const Claim& claim, const std::string& who) const {
    if (!claim.assignment) return fmt::format("no rule takes {}, with {}", who, claim.about);
    const std::string why = fmt::format("{} took {}", claim.rule, who);
    return device_->kind.empty()
               ? why + ", but what a chip of an unknown kind is worth is not known"
               : why;
  }

  void AddClaim(const Claim& claim, const DevicePart& part, Micro share, std::string why) {
    ReportedPart reported = Begin(part, share);
    Holding& holding = reported.holding;
    holding.state = v1::CHIP_STATE_ASSIGNED;
    // What a chip of an unknown kind is worth is not known, so it is no pool's.
    if (claim.assignment && !device_->kind.empty()) {
      Assign(*claim.assignment, holding);
    } else {
      holding.pool = options_.unattributed_pool;
      holding.team = options_.unattributed_team;
      unattributed_ = true;
    }
    reported.holder = claim.holder;
    reported.rule = claim.rule;
    reported.reason = std::move(why);
    AddActivity(part, reported);
    parts_.push_back(std::move(reported));
  }

  static void AddActivity(const DevicePart& part, ReportedPart& reported) {
    reported.memory = part.memory;
    const bool measured = part.activity && !part.signal.empty();
    reported.holding.signal = measured ? part.signal : std::string(kAllocatedOnly);
    if (!measured) return;
    reported.activity = part.activity;
    reported.productive = part.productive;
  }

  const ReportOptions& options_;
  const std::string& unheard_;
  ObservationCounts& counts_;
  const DeviceReading* device_ = nullptr;
  uint32_t number_ = 0;
  bool unattributed_ = false;  // some of this device
  std::vector<ReportedPart> parts_;
};

double Ratio(Micro micro) { return static_cast<double>(micro) / static_cast<double>(kOne); }

// Entries of one group have the same columns.
using GroupKey = std::tuple<Holding, bool, bool>;

void AddEntry(const ReportedPart& part, v1::PerChip& chips) {
  chips.add_device(part.number);
  chips.add_share_ppm(static_cast<uint32_t>(part.share));
  if (part.activity) chips.add_activity(Ratio(*part.activity));
  if (part.productive) chips.add_productive(Ratio(*part.productive));
  if (part.memory) chips.add_memory(Ratio(*part.memory));
}

// Whole chips need no shares.
void DropWholeShares(v1::PerChip& chips) {
  const auto& shares = chips.share_ppm();
  const bool whole =
      std::all_of(shares.begin(), shares.end(), [](uint32_t share) { return share == kOne; });
  if (whole) chips.clear_share_ppm();
}

}  // namespace

std::vector<ReportedPart> JudgeHost(const HostReading& host, const ReportOptions& options,
                                    ObservationCounts& counts) {
  const std::vector<const DeviceReading*> devices = SortedDevices(host);
  const bool own_indexes = HaveUsableIndexes(devices);
  Judge judge(options, host.unheard, counts);
  for (size_t i = 0; i < devices.size() && i <= kMostDeviceNumber; ++i) {
    judge.Add(*devices[i], own_indexes ? *devices[i]->index : static_cast<uint32_t>(i));
  }
  return judge.Take();
}

std::optional<v1::UsageReport> MakeHostReport(const std::string& host,
                                              const std::vector<ReportedPart>& parts,
                                              const Window& window) {
  v1::UsageReport report;
  std::map<GroupKey, v1::PerChip*> groups;
  for (const ReportedPart& part : parts) {
    if (part.left_out) continue;
    const GroupKey key(part.holding, part.productive.has_value(), part.memory.has_value());
    auto [found, is_new] = groups.emplace(key, nullptr);
    if (is_new) {
      v1::UsageGroup& group = *report.add_groups();
      Describe(part.holding, group);
      found->second = group.mutable_per_chip();
    }
    AddEntry(part, *found->second);
  }
  if (report.groups_size() == 0) return std::nullopt;
  for (auto& [key, chips] : groups) DropWholeShares(*chips);
  report.set_source(host);
  report.set_window_start_unix_nanos(window.start_unix_nanos);
  report.set_window_length_nanos(window.length_nanos);
  report.set_duration_nanos(window.duration_nanos);
  return report;
}

}  // namespace fleetmeter::collector
