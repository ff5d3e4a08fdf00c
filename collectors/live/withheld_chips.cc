#include "collectors/live/withheld_chips.h"

#include <algorithm>

#include "collectors/join/keys.h"

namespace fleetmeter::collector {
namespace {

constexpr char kWhyWithheld[] =
    "nobody is known to hold it now, but the source that knew better is no longer configured";

enum class Likeness { kOther, kSame, kCannotTell };

Likeness LikenessOf(const TakenChip& taken, const ReportedPart& part) {
  if (!taken.part.empty() && !part.part.empty()) {
    if (!SameUuid(taken.part, part.part)) return Likeness::kOther;
    if (taken.uuid.empty() && !taken.index) return Likeness::kSame;
  }
  if (!taken.uuid.empty() && !part.uuid.empty()) {
    return SameUuid(taken.uuid, part.uuid) ? Likeness::kSame : Likeness::kOther;
  }
  if (taken.index && part.index) {
    return *taken.index == *part.index ? Likeness::kSame : Likeness::kOther;
  }
  return Likeness::kCannotTell;
}

bool IsFree(const ReportedPart& part) { return part.holding.state == v1::CHIP_STATE_UNASSIGNED; }

bool IsTakenByOthers(const TakenChip& taken, const std::vector<ReportedPart>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](const ReportedPart& part) {
    return !IsFree(part) && LikenessOf(taken, part) == Likeness::kSame;
  });
}

// A chip that cannot be found by name stands for any one that is free.
int64_t LeaveOutOne(const TakenChip& taken, std::vector<ReportedPart>& parts) {
  int64_t left_out = 0;
  for (ReportedPart& part : parts) {
    if (!IsFree(part) || part.left_out) continue;
    const Likeness likeness = LikenessOf(taken, part);
    if (likeness == Likeness::kOther) continue;
    part.left_out = true;
    part.reason = kWhyWithheld;
    ++left_out;
    if (likeness == Likeness::kCannotTell) break;
  }
  return left_out;
}

}  // namespace

std::vector<TakenChip> TakenOf(const HostReading& host) {
  std::vector<TakenChip> taken;
  for (const DeviceReading& device : host.devices) {
    const bool unfit = device.fitness == Fitness::kReserved ||
                       device.fitness == Fitness::kDrained || device.fitness == Fitness::kBroken;
    for (const DevicePart& part : device.parts) {
      if (part.holders.empty() && !unfit) continue;
      TakenChip& chip = taken.emplace_back();
      if (!device.anonymous && !device.part_of_unknown_chip) {
        chip.uuid = device.uuid;
        chip.index = device.index;
      }
      chip.part = device.part_of_unknown_chip ? device.uuid : part.id;
      chip.held = !part.holders.empty();
    }
  }
  return taken;
}

void WithheldChips::Add(const TakenChips& taken) {
  for (const auto& [host, chips] : taken) {
    std::vector<TakenChip>& all = taken_[host];
    all.insert(all.end(), chips.begin(), chips.end());
  }
}

void WithheldChips::Release(const std::set<std::string>& hosts, bool sees_holders) {
  for (const std::string& host : hosts) {
    const auto found = taken_.find(host);
    if (found == taken_.end()) continue;
    std::erase_if(found->second, [&](const TakenChip& chip) { return sees_holders || !chip.held; });
    if (found->second.empty()) taken_.erase(found);
  }
}

int64_t WithheldChips::LeaveOut(const std::string& host, std::vector<ReportedPart>& parts) {
  const auto found = taken_.find(host);
  if (found == taken_.end()) return 0;
  std::erase_if(found->second, [&](const TakenChip& chip) { return IsTakenByOthers(chip, parts); });
  int64_t left_out = 0;
  for (const TakenChip& chip : found->second) left_out += LeaveOutOne(chip, parts);
  if (found->second.empty()) taken_.erase(found);
  return left_out;
}

}  // namespace fleetmeter::collector
