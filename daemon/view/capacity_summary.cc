#include "daemon/view/capacity_summary.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/domain/capacity/plan_grants.h"

namespace fleetmeter {
namespace {

using capacity::Action;
using capacity::CapacityBook;
using capacity::CapacityEvent;
using capacity::CapacityForm;
using capacity::CapacityRequest;
using capacity::State;
using Request = std::shared_ptr<const CapacityRequest>;

// Amounts of the domain are micro-H100e.
constexpr double kMicroPerH100e = 1e6;

// The event that granted or declined it; null: there is none.
const CapacityEvent* DecisionOf(const CapacityRequest& request) {
  for (const CapacityEvent& event : request.events) {
    if (event.action == Action::kGrant || event.action == Action::kDecline) return &event;
  }
  return nullptr;
}

// By the decision itself: a grant that was released later was whole all the same.
bool GrantedWhole(const CapacityEvent& event, const CapacityForm& form) {
  return event.granted_chips == form.chips && event.start_unix_seconds <= form.start_unix_seconds &&
         event.end_unix_seconds >= form.end_unix_seconds();
}

void CountDecision(const CapacityEvent& event, const CapacityForm& form, DecisionCounts* counts) {
  if (event.action == Action::kDecline) {
    ++counts->declined;
  } else if (GrantedWhole(event, form)) {
    ++counts->granted;
  } else {
    ++counts->granted_in_part;
  }
}

void CountWait(int64_t wait_nanos, DecisionWaits* waits) {
  // Clocks may be set between the two.
  const double seconds = static_cast<double>(std::max<int64_t>(wait_nanos, 0)) / kNanosPerSecond;
  const auto bound =
      std::find_if(kDecisionWaitBoundsSeconds.begin(), kDecisionWaitBoundsSeconds.end(),
                   [seconds](int64_t limit) { return seconds <= static_cast<double>(limit); });
  ++waits->requests[static_cast<size_t>(bound - kDecisionWaitBoundsSeconds.begin())];
  ++waits->count;
  waits->total_seconds += seconds;
}

bool IsOlder(const CapacityRequest& one, const CapacityRequest& other) {
  return std::tie(one.asked_unix_nanos, one.form.request_id) <
         std::tie(other.asked_unix_nanos, other.form.request_id);
}

void AddOpen(const Request& request, NatureSummary* nature) {
  nature->open_micro_h100e += request->worth.micro_h100e;
  if (!nature->oldest_open || IsOlder(*request, *nature->oldest_open)) {
    nature->oldest_open = request;
  }
}

void AddExpired(const CapacityForm& form, NatureSummary* nature) {
  auto& latest = nature->latest_expired_unix_seconds;
  latest = std::max(latest.value_or(form.end_unix_seconds()), form.end_unix_seconds());
}

void AddGrant(const CapacityRequest& request, const Plan& plan, int64_t unix_seconds,
              PoolCapacity* pool) {
  const capacity::Grant& grant = *request.grant;
  if (grant.end_unix_seconds <= unix_seconds) return;
  pool->granted_micro_h100e += grant.worth.micro_h100e;
  if (grant.start_unix_seconds > unix_seconds) return;
  pool->committed_micro_h100e += grant.worth.micro_h100e;
  if (capacity::IsOnTop(plan, request)) pool->beyond_micro_h100e += grant.worth.micro_h100e;
}

void AddRequest(const Request& request, const Plan& plan, int64_t unix_seconds,
                PoolCapacity* pool) {
  NatureSummary& nature = pool->natures[static_cast<size_t>(request->form.nature)];
  const State state = request->StateAt(unix_seconds);
  ++nature.submitted;
  ++nature.requests[static_cast<size_t>(state)];
  if (state == State::kSubmitted || state == State::kRanked) AddOpen(request, &nature);
  if (state == State::kExpired) AddExpired(request->form, &nature);
  if (request->grant) AddGrant(*request, plan, unix_seconds, pool);
  if (const CapacityEvent* decision = DecisionOf(*request)) {
    CountDecision(*decision, request->form, &pool->decisions);
    CountWait(decision->at_unix_nanos - request->asked_unix_nanos, &nature.waits);
  }
}

// Grants that are not over, by who may use them: a pool and a team in it.
using Holders = std::map<std::pair<std::string_view, std::string_view>, std::vector<Request>>;

int64_t PromisedAt(const std::vector<Request>& grants, int64_t unix_seconds) {
  int64_t sum = 0;
  for (const Request& request : grants) {
    const capacity::Grant& grant = *request->grant;
    const bool then =
        grant.start_unix_seconds <= unix_seconds && unix_seconds < grant.end_unix_seconds;
    if (then) sum += grant.worth.micro_h100e;
  }
  return sum;
}

bool PromisesMore(const ActiveGrant& one, const ActiveGrant& other) {
  return std::tuple(-one.request->grant->worth.micro_h100e,
                    std::string_view(one.request->form.request_id)) <
         std::tuple(-other.request->grant->worth.micro_h100e,
                    std::string_view(other.request->form.request_id));
}

std::vector<ActiveGrant> ActiveGrants(const CapacityBook& book, int64_t unix_seconds) {
  Holders holders;
  for (const auto& [id, request] : book.requests()) {
    if (!request->grant || request->grant->end_unix_seconds <= unix_seconds) continue;
    holders[{request->form.pool, request->form.team}].push_back(request);
  }
  std::vector<ActiveGrant> active;
  for (const auto& [holder, grants] : holders) {
    for (const Request& request : grants) {
      if (request->StateAt(unix_seconds) != State::kActive) continue;
      active.push_back({request, PromisedAt(grants, request->grant->end_unix_seconds)});
    }
  }
  std::sort(active.begin(), active.end(), PromisesMore);
  return active;
}

}  // namespace

double PoolCapacity::UncommittedH100e() const {
  return allocated_h100e.value_or(0) -
         static_cast<double>(committed_micro_h100e - beyond_micro_h100e) / kMicroPerH100e;
}

CapacitySummary SummarizeCapacity(const CapacityBook& book, const Plan& plan,
                                  int64_t unix_seconds) {
  CapacitySummary summary;
  for (const Pool& pool : plan.pools) {
    summary.pools[pool.name].allocated_h100e = pool.allocated_h100e;
  }
  for (const auto& [id, request] : book.requests()) {
    AddRequest(request, plan, unix_seconds, &summary.pools[request->form.pool]);
  }
  summary.active = ActiveGrants(book, unix_seconds);
  return summary;
}

}  // namespace fleetmeter
