#include "daemon/domain/reference_data.h"

#include <algorithm>

namespace fleetmeter {

const Plan& ReferenceData::PlanAt(int64_t unix_nanos) const {
  const auto later = std::upper_bound(
      plans.begin(), plans.end(), unix_nanos,
      [](int64_t time, const Plan& plan) { return time < plan.effective_from_unix_nanos; });
  return later == plans.begin() ? plans.front() : *(later - 1);
}

}  // namespace fleetmeter
