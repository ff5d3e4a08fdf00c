// What the orders about requests have in common; see Prepare in capacity_order.h. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "daemon/domain/capacity/capacity_order.h"
#include "daemon/domain/fleet/plan.h"

namespace fleetmeter::capacity {

// One call of Prepare; what it refers to outlives it.
struct Preparation {
  const CapacityOrder& order;
  const CapacityBook& book;
  const OrderContext& context;

  int64_t now_unix_seconds() const;
  const Plan& plan() const;  // in force
};

CapacityAnswer PrepareSubmit(const Preparation& preparation, const SubmitOrder& submit);
CapacityAnswer PrepareWithdraw(const Preparation& preparation, const WithdrawOrder& withdraw);
CapacityAnswer PrepareRank(const Preparation& preparation, const RankOrder& rank);
CapacityAnswer PrepareDecide(const Preparation& preparation, const DecideOrder& decide);
CapacityAnswer PrepareRelease(const Preparation& preparation, const ReleaseOrder& release);

CapacityAnswer Refused(absl::Status status);
CapacityAnswer NothingToDo();

// With the number that is next, who, why and when; all else is for the caller.
CapacityEvent NewEvent(const Preparation& preparation, Action action);
// Likewise, of a request: with its id and next revision.
CapacityEvent NewEvent(const Preparation& preparation, Action action,
                       const CapacityRequest& request);

// Nothing is wrong with a reason, or that is added.
enum class ReasonIs { kRequired, kOptional };
void CheckReason(const std::string& reason, ReasonIs required, const std::string& field,
                 std::vector<Violation>* violations);

// "field: message", one on each line.
absl::Status InvalidOrder(const std::vector<Violation>& violations);
// Names the nearest.
absl::Status NoSuchRequest(const CapacityBook& book, std::string_view request_id);

// "alice granted 8 chips at 2026-01-01 08:00:00Z ("why")", of what became of a request.
std::string EventText(const CapacityEvent& event);
// "request 'req-1' is at revision 3 and not at 1: ...", with all that happened since, and by whom.
absl::Status ChangedMeanwhile(const CapacityRequest& request, int64_t revision);
// FailedPrecondition with who decided it, how and when; `hint` says what to do instead.
absl::Status DecidedBefore(const CapacityRequest& request, std::string_view hint);

}  // namespace fleetmeter::capacity
