// Parts of chips that no source names the chip of: MIG instances, as the kubelet knows them. Pure.
#pragma once

#include <string>
#include <vector>

#include "collectors/device/device_reading.h"

namespace fleetmeter::collector {

// Takes the devices that are parts of unknown chips out of the host, and gives each a place:
//
//   no other source lists chips   parts of one kind are put together to as few whole chips as hold
//                                 them, so that seven sevenths are one chip and not seven
//   another source does           a part of that size that the same holder has by that source,
//                                 or else one that nobody holds, is taken for it
//
// Both are guesses, and are counted as such. A held part that finds no place is a disagreement.
void PlaceLooseParts(HostReading& host, bool others_list_chips, ObservationCounts& counts,
                     std::vector<std::string>& remarks);

}  // namespace fleetmeter::collector
