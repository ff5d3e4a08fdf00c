#include "daemon/ledger/workload_budget.h"

namespace fleetmeter {

void WorkloadBudget::StartHour(int64_t hour_start) {
  hours_.try_emplace(hour_start);
  // Never one that something is staged for: those of this transaction are needed to undo it.
  while (staged_.empty() && hours_.size() > kMostHours && hours_.begin()->first != hour_start) {
    hours_.erase(hours_.begin());
  }
}

void WorkloadBudget::Learn(int64_t hour_start, const std::string& pool, uint64_t workload) {
  hours_[hour_start][pool].insert(workload);
}

WorkloadBudget::Answer WorkloadBudget::Stage(int64_t hour_start, const std::string& pool,
                                             uint64_t workload) {
  auto& workloads = hours_[hour_start][pool];
  if (workloads.contains(workload)) return Answer::kKnown;
  if (workloads.size() >= limit_) return Answer::kFull;
  workloads.insert(workload);
  staged_.push_back({hour_start, pool, workload});
  return Answer::kNew;
}

void WorkloadBudget::Rollback() {
  for (const StagedWorkload& staged : staged_) {
    const auto hour = hours_.find(staged.hour_start);
    if (hour != hours_.end()) hour->second[staged.pool].erase(staged.workload);
  }
  staged_.clear();
}

}  // namespace fleetmeter
