// How much of one host is believed. Joining compares the chips of a host with each other, so that a
// page with tens of thousands of them would hold up every other source.
#pragma once

#include "absl/status/status.h"
#include "collectors/device/device_reading.h"

namespace fleetmeter::collector {

inline constexpr size_t kMostChipsOfHost = 4'096;
inline constexpr size_t kMostPartsOfChip = 1'024;
inline constexpr size_t kMostHoldersOfPart = 1'024;

// ResourceExhausted: the observation has more than that. It names the host or the chip.
absl::Status CheckObservationLimits(const Observation& observation);

}  // namespace fleetmeter::collector
