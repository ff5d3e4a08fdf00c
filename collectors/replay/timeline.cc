#include "collectors/replay/timeline.h"

namespace fleetmeter::collector {

uint32_t HoldingTable::Intern(const Holding& holding) {
  const auto next = static_cast<uint32_t>(timeline_.holdings.size());
  const auto [found, inserted] = index_.emplace(holding, next);
  if (inserted) timeline_.holdings.push_back(holding);
  return found->second;
}

}  // namespace fleetmeter::collector
