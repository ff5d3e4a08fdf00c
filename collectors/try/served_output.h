// What `fleetmeter-collector try` prints of sources that count requests. Pure.
#pragma once

#include <map>
#include <string>

#include "collectors/live/live_group.h"
#include "collectors/served/served_counts.h"

namespace fleetmeter::collector {

// One source, over all looks of the command.
struct ServedView {
  ServedReading latest;
  ServedCounts counts;
  int looks = 0;
};
using ServedViews = std::map<std::string, ServedView>;  // by source

void TakeServed(const LiveRound& round, ServedViews& views);

std::string ServedAsTable(const ServedViews& views);
// A list, with an object for each source: `counters`, which say where they stand, and `report`, if
// one would be sent.
std::string ServedAsJson(const ServedViews& views);

}  // namespace fleetmeter::collector
