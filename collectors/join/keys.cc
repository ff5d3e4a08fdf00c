#include "collectors/join/keys.h"

#include <algorithm>

namespace fleetmeter::collector {

std::string CanonicalUuid(std::string_view uuid) {
  std::string lower(uuid);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  constexpr std::string_view kGpu = "gpu-";
  return lower.starts_with(kGpu) ? lower.substr(kGpu.size()) : lower;
}

bool SameUuid(const std::string& a, const std::string& b) {
  return CanonicalUuid(a) == CanonicalUuid(b);
}

bool HasPart(const DeviceReading& device, const std::string& id) {
  return std::any_of(device.parts.begin(), device.parts.end(), [&](const DevicePart& part) {
    return !part.id.empty() && SameUuid(part.id, id);
  });
}

bool IsSame(const DeviceReading& a, const DeviceReading& b) {
  if (!a.uuid.empty() && !b.uuid.empty()) {
    return SameUuid(a.uuid, b.uuid) || HasPart(a, b.uuid) || HasPart(b, a.uuid);
  }
  return a.index && b.index && *a.index == *b.index;
}

int RankOf(const HostReading& host) {
  const auto any = [&](auto holds) {
    return std::any_of(host.devices.begin(), host.devices.end(), holds);
  };
  if (any([](const DeviceReading& device) { return device.anonymous; })) return kLastRank;
  const bool names_parts = any([](const DeviceReading& device) {
    return !device.parts.empty() && !device.parts.front().id.empty();
  });
  if (names_parts) return 0;
  const ChipKeys keys = KeysOf(host);
  return keys.uuids && keys.indexes ? 1 : 2;
}

void ChipKeys::Add(const DeviceReading& device) {
  if (device.anonymous || device.part_of_unknown_chip) return;
  uuids = uuids || !device.uuid.empty();
  indexes = indexes || device.index;
}

bool ChipKeys::ShareNothingWith(const ChipKeys& other) const {
  const bool ours_alone = uuids && !indexes && other.indexes && !other.uuids;
  const bool theirs_alone = indexes && !uuids && other.uuids && !other.indexes;
  return ours_alone || theirs_alone;
}

ChipKeys KeysOf(const HostReading& host) {
  ChipKeys keys;
  for (const DeviceReading& device : host.devices) keys.Add(device);
  return keys;
}

std::optional<bool> IsHeld(const DeviceReading& device) {
  bool known = false;
  for (const DevicePart& part : device.parts) {
    if (!part.holders.empty()) return true;
    known = known || part.knows_holders == Holders::kKnown;
  }
  return known ? std::optional(false) : std::nullopt;
}

}  // namespace fleetmeter::collector
