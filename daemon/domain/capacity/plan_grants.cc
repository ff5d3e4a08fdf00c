#include "daemon/domain/capacity/plan_grants.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/domain/capacity/capacity_amounts.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter::capacity {
namespace {

constexpr size_t kMostDoubts = 20;

std::string PlanText(const Plan& plan) {
  return fmt::format("plan '{}' version {}", plan.name, plan.version);
}

// Empty: there is none.
std::string DoubtOf(const Plan& plan, const CapacityBook& book, const std::string& request_id) {
  const CapacityRequest* request = book.Find(request_id);
  if (request == nullptr || !request->grant) {
    return fmt::format(
        "{} names the grant {}, which is unknown; expected the id of a request with "
        "a grant",
        PlanText(plan), Quoted(request_id));
  }
  if (request->form.beyond_allocation) return "";
  return fmt::format(
      "{} names the grant '{}', which is within the allocation of pool '{}'; "
      "expected those beyond an allocation only",
      PlanText(plan), request_id, request->form.pool);
}

// Grants that are not over, and that a plan without names is judged to have.
std::vector<std::string> JudgedIn(const Plan& plan, const CapacityBook& book, int64_t now) {
  std::vector<std::string> names;
  for (const auto& [id, request] : book.requests()) {
    const bool lasts = request->grant && request->grant->end_unix_seconds > now;
    if (!lasts || !request->form.beyond_allocation) continue;
    if (PlanHasGrant(plan, id, request->grant->at_unix_nanos)) names.push_back(id);
  }
  return names;
}

}  // namespace

bool PlanHasGrant(const Plan& plan, std::string_view request_id, int64_t decided_unix_nanos) {
  if (plan.grants) return plan.grants->contains(request_id);
  return plan.known_since_unix_nanos > decided_unix_nanos;
}

bool IsOnTop(const Plan& plan, const CapacityRequest& request) {
  return request.form.beyond_allocation && request.grant &&
         !PlanHasGrant(plan, request.form.request_id, request.grant->at_unix_nanos);
}

std::vector<std::string> DoubtsOfGrants(const Plan& plan, const CapacityBook& book,
                                        int64_t now_unix_seconds) {
  std::vector<std::string> doubts;
  if (!plan.grants) {
    const std::vector<std::string> judged = JudgedIn(plan, book, now_unix_seconds);
    if (judged.empty()) return doubts;
    const size_t named = std::min(judged.size(), kMostDoubts);
    return {
        fmt::format("{} does not say which grants beyond allocations it has; {} of them count "
                    "as if it had them, and take their part of its allocations: {}{}; expected "
                    "a list of grants",
                    PlanText(plan), judged.size(),
                    fmt::join(judged.begin(), judged.begin() + static_cast<int64_t>(named), ", "),
                    judged.size() > named ? " and others" : "")};
  }
  for (const std::string& request_id : *plan.grants) {
    std::string doubt = DoubtOf(plan, book, request_id);
    if (!doubt.empty()) doubts.push_back(std::move(doubt));
    if (doubts.size() == kMostDoubts) break;
  }
  return doubts;
}

}  // namespace fleetmeter::capacity
