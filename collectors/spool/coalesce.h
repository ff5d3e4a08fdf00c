// Fewer reports with the same totals. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "collectors/spool/segment.h"

namespace fleetmeter::collector {

struct Coalesced {
  std::vector<StoredReport> reports;  // each source's in the order of its windows
  uint64_t added_up = 0;              // reports that went into others
};

// Adds up windows of the same source that follow one another without a gap, as long as they lie in
// one hour of the clock (in which they would be booked alike) and the daemon would judge them
// alike. Whatever does not fit stays as it is, byte for byte.
Coalesced Coalesce(std::vector<StoredReport> reports, double speed);

}  // namespace fleetmeter::collector
