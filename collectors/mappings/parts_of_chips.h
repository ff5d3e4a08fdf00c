// Exporters that list a chip by its parts, such as each of the two devices of a TPU 7x. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/mappings/map_devices.h"

namespace fleetmeter::collector {

inline constexpr uint32_t kMostMappedIndex = 1'000'000;

// The number at the end of "card0", "/dev/vfio/3" or "7".
std::optional<uint32_t> NumberAtEnd(std::string_view text);

// Puts devices together as `ids_per_chip` of the options says: those whose UUIDs end with following
// numbers. A chip of which a part is missing or not measured is not measured. Without the option,
// what may be a part is of an unknown kind, since a chip would count twice otherwise.
void PutPartsTogether(const MappedDevices& devices, const MapOptions& options, Observation& seen);

}  // namespace fleetmeter::collector
