// What sources name chips by. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collectors/device/device_reading.h"

namespace fleetmeter::collector {

// "GPU-ab", "gpu-AB" and "ab" are one device: nvidia_gpu_exporter leaves the prefix out.
std::string CanonicalUuid(std::string_view uuid);
bool SameUuid(const std::string& a, const std::string& b);
bool HasPart(const DeviceReading& device, const std::string& id);
// By UUID where both have one; a source that knows parts only names them by their own UUIDs.
bool IsSame(const DeviceReading& a, const DeviceReading& b);

// Readings that know the parts of chips come first (0), so that others find chips by them; then
// those with UUIDs and indexes (1), which link others that have one of the two; then the others
// (2); and those that only count come last (3), so that what is left is theirs.
inline constexpr int kLastRank = 3;
int RankOf(const HostReading& host);

// UUIDs or indexes of some chips. Chips that are only counted, and parts of unknown chips, have
// none.
struct ChipKeys {
  bool uuids = false;
  bool indexes = false;

  void Add(const DeviceReading& device);
  // Whether no chip of the one can be found among those of the other, since these are named by
  // UUIDs alone and those by indexes alone.
  bool ShareNothingWith(const ChipKeys& other) const;
};
ChipKeys KeysOf(const HostReading& host);

// Whether somebody is known to hold a part of the chip; nothing: nobody says.
std::optional<bool> IsHeld(const DeviceReading& device);

}  // namespace fleetmeter::collector
