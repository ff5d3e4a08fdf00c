// What waits for chips, as the latest report of each source tells it. A gauge: it is in no books,
// and it is gone with the silence of its source.
//
// Not thread-safe: part of FleetState.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/domain/report/demand.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

// One for each scheduler, shared so that a copy costs little.
using DemandFacts = std::vector<std::shared_ptr<const Demand>>;

class LiveDemand {
 public:
  // `report` is the latest of its source: it replaces what the source told before, also by nothing.
  void Take(const UsageReport& report);

  // The source is gone, or has another name now.
  void Forget(const std::string& source) { told_.erase(source); }

  // Forgets sources whose latest window ended before this.
  void DropOlder(int64_t unix_nanos);

  // What sources tell whose latest window ended then or later. Of several that speak of one
  // scheduler, the one whose window ends last; of those, the first by name.
  DemandFacts Since(int64_t unix_nanos) const;

 private:
  struct Told {
    int64_t end_unix_nanos = 0;
    DemandFacts demand;
  };

  std::map<std::string, Told> told_;  // by source; of those that tell of demand
};

}  // namespace fleetmeter
