#include "collectors/device/holding.h"

namespace fleetmeter::collector {

Holding Unmeasured(Holding holding) {
  holding.signal = kAllocatedOnly;
  return holding;
}

void Describe(const Holding& holding, v1::UsageGroup& group) {
  group.set_chip(holding.chip);
  group.set_state(holding.state);
  if (!holding.pool.empty()) group.set_pool(holding.pool);
  if (!holding.team.empty()) group.set_team(holding.team);
  if (!holding.workload.empty()) group.set_workload(holding.workload);
  if (!holding.workload_type.empty()) group.set_workload_type(holding.workload_type);
  if (!holding.model.empty()) group.set_model(holding.model);
  if (!holding.run.empty()) group.set_run(holding.run);
  if (!holding.signal.empty()) group.set_signal(holding.signal);
}

}  // namespace fleetmeter::collector
