// What is declared and not written yet, so that programs link meanwhile.
#include "daemon/domain/capacity/budget.h"
#include "daemon/domain/capacity/capacity_order.h"
#include "daemon/domain/capacity/check_form.h"
#include "daemon/domain/capacity/commitments.h"
#include "daemon/domain/capacity/grant_use.h"
#include "daemon/domain/capacity/lending.h"
#include "daemon/domain/capacity/rank_requests.h"

namespace fleetmeter::capacity {

std::vector<Violation> CheckForm(const CapacityForm&, const FormContext&) { return {}; }
Worth WorthOf(const Catalog&, const std::string&, int64_t, const std::string&, int64_t) {
  return {};
}
int64_t MicroH100eHours(const Worth&, int64_t) { return 0; }
int64_t DiscountedMicroUsd(const Roi&) { return 0; }
std::vector<RankedRequest> RankPool(const CapacityBook&, const std::string&, int64_t) { return {}; }
std::vector<RankedRequest> RankBetweenPools(const CapacityBook&, int64_t) { return {}; }
std::vector<PoolSpan> PoolTimeline(const CapacityBook&, const ReferenceData&, const std::string&,
                                   int64_t, int64_t) {
  return {};
}
Fit DoesItFit(const CapacityBook&, const ReferenceData&, const CapacityForm&, const Worth&,
              int64_t) {
  return {};
}
CapacityAnswer Prepare(const CapacityOrder&, const CapacityBook&, const OrderContext&) {
  return {.status = absl::UnimplementedError("not written yet"), .events = {}};
}
absl::Status CheckCommitments(const CapacityBook&, const ReferenceData&, int64_t) {
  return absl::UnimplementedError("not written yet");
}
SharedUse ShareUse(const CapacityBook&, const std::vector<UsedPeriod>&, int64_t, int64_t) {
  return {};
}
std::vector<Lent> ShareLending(const std::vector<PoolHour>&) { return {}; }
BudgetPace PaceOf(const Budget&, const BudgetUse&, double, int64_t) { return {}; }

}  // namespace fleetmeter::capacity
