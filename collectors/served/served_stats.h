// How the delivery of what was served fares, for metrics.
#pragma once

#include <cstdint>
#include <string>

namespace fleetmeter::collector {

// Of one source, since the start of the process unless it says otherwise.
struct ServedStats {
  std::string source;
  uint64_t acknowledged = 0;                 // reports that the daemon has settled
  uint64_t rejected = 0;                     // of these: rejected, or of other content
  int64_t last_acknowledged_unix_nanos = 0;  // 0: nothing yet
  uint64_t waiting = 0;                      // 1 while a report is under way
  int64_t waiting_since_unix_nanos = 0;      // the end of its window; 0: none is under way
  uint64_t resets = 0;                       // of counters, since the state was made
};

}  // namespace fleetmeter::collector
