#include "collectors/live/kubernetes/chip_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace fleetmeter::collector {
namespace {

// In any case of letters, as devices are joined.
std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

void ChipTable::Offer(const NamedDevice& device) {
  Chip& chip = ChipOf(device);
  SlotOf(device, chip);
  chip.offered = true;
  offered_.insert(chip.family);
}

void ChipTable::Hold(const NamedDevice& device, const Holder& holder) {
  SlotOf(device, ChipOf(device)).holders.try_emplace(holder.name, holder);
}

ChipTable::Key ChipTable::KeyOf(const NamedDevice& device) {
  const ChipResource& resource = device.resource;
  if (!device.name.index) {
    // UUIDs are unique, whatever names them; what is only counted is unique within its pool.
    const std::string id = LowerCase(device.name.uuid);
    return device.name.anonymous ? Key(resource.family, device.pool, id) : Key("", "", id);
  }
  const auto [known, is_new] =
      pools_.try_emplace({resource.family, *device.name.index}, device.pool);
  return {resource.family, known->second == device.pool ? "" : device.pool,
          std::to_string(*device.name.index)};
}

ChipTable::Chip& ChipTable::ChipOf(const NamedDevice& device) {
  const Key key = KeyOf(device);
  const auto [place, is_new] = places_.try_emplace(key, chips_.size());
  if (is_new) {
    Chip& chip = chips_.emplace_back();
    chip.family = device.resource.family;
    chip.device.uuid = device.name.uuid;
    chip.device.index = device.name.index;
    chip.device.anonymous = device.name.anonymous;
    chip.device.part_of_unknown_chip = device.name.part_of_unknown_chip;
    if (!std::get<1>(key).empty() && device.name.index) {
      // Its number is another one's, too.
      chip.device.anonymous = true;
      chip.device.index.reset();
      chip.device.uuid = fmt::format("{}/{}", device.pool, *device.name.index);
    }
  }
  Chip& chip = chips_[place->second];
  if (chip.device.kind.empty()) chip.device.kind = device.resource.kind;
  if (chip.device.model.empty()) chip.device.model = device.model;
  chip.of_claims = chip.of_claims || !device.pool.empty();
  chip.in_cores = chip.in_cores || device.resource.unit == DeviceUnit::kCore;
  return chip;
}

ChipTable::Slot& ChipTable::SlotOf(const NamedDevice& device, Chip& chip) {
  const auto [slot, is_first] = chip.slots.try_emplace(device.name.part);
  if (is_first) slot->second.share = device.share;
  return slot->second;
}

// Parts whose share nobody tells have what is left of the chip in equal parts.
void ChipTable::DivideUnknownShares(Chip& chip, ObservationCounts& counts) {
  Micro left = kOne;
  Micro unknown = 0;
  for (const auto& [id, slot] : chip.slots) {
    if (id.empty()) continue;
    left -= std::min(left, slot.share);
    unknown += slot.share == 0 ? 1 : 0;
  }
  if (unknown == 0) return;
  ++counts.guessed_devices;
  for (auto& [id, slot] : chip.slots) {
    if (id.empty() || slot.share != 0) continue;
    slot.share = left / unknown;
    left -= slot.share;
    --unknown;
  }
}

// Each holder once.
void ChipTable::SetHolders(std::map<std::string, Holder> holders, const Slot* whole,
                           DevicePart& part) {
  if (whole != nullptr) holders.insert(whole->holders.begin(), whole->holders.end());
  part.knows_holders = Holders::kKnown;
  for (auto& [name, holder] : holders) part.holders.push_back(std::move(holder));
}

// Who holds the whole chip holds each of its parts.
void ChipTable::AddParts(const Chip& chip, DeviceReading& reading) {
  const auto found = chip.slots.find("");
  const Slot* whole = found == chip.slots.end() ? nullptr : &found->second;
  // A chip of which nobody holds anything, or all, needs no parts.
  const bool in_parts = std::any_of(chip.slots.begin(), chip.slots.end(), [&](const auto& slot) {
    return !slot.first.empty() && !slot.second.holders.empty();
  });
  reading.parts.clear();
  if (!in_parts) {
    DevicePart& part = reading.parts.emplace_back();
    if (whole != nullptr) part.share = whole->share;
    SetHolders({}, whole, part);
    return;
  }
  Micro left = kOne;
  for (const auto& [id, slot] : chip.slots) {
    if (id.empty()) continue;
    DevicePart& part = reading.parts.emplace_back();
    part.id = id;
    part.share = slot.share;
    SetHolders(slot.holders, whole, part);
    left -= part.share;
  }
  // Sevenths do not add up to a million; the last part has what rounding left.
  if (left <= 0 || left >= static_cast<Micro>(reading.parts.size())) return;
  reading.parts.back().share += left;
}

// A chip whose cores are all held by the same is one part. What measures cores has it so, too, and
// what it says of the whole chip is then found.
void ChipTable::JoinCores(DeviceReading& reading) {
  const DevicePart& first = reading.parts.front();
  const auto names = [](const DevicePart& part) {
    std::vector<std::string> all;
    for (const Holder& holder : part.holders) all.push_back(holder.name);
    return all;
  };
  Micro sum = 0;
  for (const DevicePart& part : reading.parts) {
    if (names(part) != names(first)) return;
    sum += part.share;
  }
  if (sum < kOne) return;
  DevicePart whole = first;
  whole.id.clear();
  whole.share = kOne;
  reading.parts = {std::move(whole)};
}

HostReading ChipTable::Take(ObservationCounts& counts) {
  HostReading host;
  host.host = host_;
  host.listing = Listing::kHeld;
  for (Chip& chip : chips_) {
    if (!chip.device.part_of_unknown_chip) DivideUnknownShares(chip, counts);
    DeviceReading& reading = host.devices.emplace_back(chip.device);
    AddParts(chip, reading);
    if (chip.in_cores) JoinCores(reading);
    // Of what no plugin offers at all, nothing is known.
    if (chip.offered || chip.of_claims || !offered_.contains(chip.family)) continue;
    reading.fitness = Fitness::kDrained;
    reading.fitness_reason = "the kubelet does not list it as allocatable";
  }
  return host;
}

}  // namespace fleetmeter::collector
