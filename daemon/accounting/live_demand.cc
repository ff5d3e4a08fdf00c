#include "daemon/accounting/live_demand.h"

#include <utility>

namespace fleetmeter {

void LiveDemand::Take(const UsageReport& report) {
  if (report.demand.empty()) {
    told_.erase(report.source);
    return;
  }
  Told told;
  told.end_unix_nanos = report.WindowEnd();
  for (const Demand& demand : report.demand) {
    told.demand.push_back(std::make_shared<const Demand>(demand));
  }
  told_[report.source] = std::move(told);
}

void LiveDemand::DropOlder(int64_t unix_nanos) {
  std::erase_if(told_, [&](const auto& told) { return told.second.end_unix_nanos < unix_nanos; });
}

DemandFacts LiveDemand::Since(int64_t unix_nanos) const {
  struct Latest {
    int64_t end_unix_nanos = 0;
    std::shared_ptr<const Demand> demand;
  };
  // A queue without a name is its source's own, and no other source can mean it.
  std::map<std::pair<bool, std::string>, Latest> by_scheduler;
  for (const auto& [source, told] : told_) {
    if (told.end_unix_nanos < unix_nanos) continue;
    for (const auto& demand : told.demand) {
      const bool named = !demand->scheduler.empty();
      Latest& latest = by_scheduler[{named, named ? demand->scheduler : source}];
      if (latest.demand != nullptr && latest.end_unix_nanos >= told.end_unix_nanos) continue;
      latest = {told.end_unix_nanos, demand};
    }
  }
  DemandFacts facts;
  facts.reserve(by_scheduler.size());
  for (auto& [scheduler, latest] : by_scheduler) facts.push_back(std::move(latest.demand));
  return facts;
}

}  // namespace fleetmeter
