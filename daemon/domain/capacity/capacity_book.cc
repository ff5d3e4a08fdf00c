#include "daemon/domain/capacity/capacity_book.h"

#include <algorithm>

namespace fleetmeter::capacity {
namespace {

Grant GrantOf(const CapacityEvent& event) {
  return {.chips = event.granted_chips,
          .worth = event.worth,
          .start_unix_seconds = event.start_unix_seconds,
          .end_unix_seconds = event.end_unix_seconds,
          .decision = event.decision,
          .identity = event.identity,
          .reason = event.reason,
          .at_unix_nanos = event.at_unix_nanos};
}

// Whether an order that holds for one form holds for the other.
bool IsRankedAlike(const CapacityForm& a, const CapacityForm& b) {
  return a.pool == b.pool && a.nature == b.nature && a.workload == b.workload &&
         a.beyond_allocation == b.beyond_allocation;
}

void TakeForm(const CapacityEvent& event, CapacityRequest* request) {
  // Nobody has put what it is now into an order.
  if (!IsRankedAlike(request->form, event.form)) request->ranked = false;
  request->form = event.form;
  request->worth = event.worth;
  if (event.action != Action::kSubmit) return;
  request->asked_by = event.identity;
  request->asked_unix_nanos = event.at_unix_nanos;
}

void ApplyTo(CapacityRequest* request, const CapacityEvent& event) {
  request->revision = event.revision;
  request->events.push_back(event);
  switch (event.action) {
    case Action::kSubmit:
    case Action::kAmend:
      return TakeForm(event, request);
    case Action::kWithdraw:
      request->withdrawn = event;
      return;
    case Action::kGrant:
      request->grant = GrantOf(event);
      return;
    case Action::kDecline:
      request->declined = event;
      return;
    case Action::kRelease:
      if (request->grant) request->grant->end_unix_seconds = event.end_unix_seconds;
      return;
    case Action::kRank:
      return;
  }
}

bool IsWhole(const CapacityRequest& request) {
  const CapacityForm& form = request.form;
  return request.grant->chips == form.chips &&
         request.grant->start_unix_seconds <= form.start_unix_seconds &&
         request.grant->end_unix_seconds >= form.end_unix_seconds();
}

bool IsRankedBy(const CapacityRequest& request, const CapacityEvent& event) {
  return !request.decided() && !request.form.beyond_allocation && request.form.pool == event.pool &&
         request.form.nature == event.nature &&
         std::find(event.workloads.begin(), event.workloads.end(), request.form.workload) !=
             event.workloads.end();
}

}  // namespace

State CapacityRequest::StateAt(int64_t unix_seconds) const {
  if (withdrawn) return State::kWithdrawn;
  if (declined) return State::kDeclined;
  if (!grant) {
    if (unix_seconds >= form.end_unix_seconds()) return State::kExpired;
    return ranked ? State::kRanked : State::kSubmitted;
  }
  // Released before it began, it never will.
  const bool never = grant->end_unix_seconds <= grant->start_unix_seconds;
  if (never || unix_seconds >= grant->end_unix_seconds) return State::kEnded;
  if (unix_seconds >= grant->start_unix_seconds) return State::kActive;
  return IsWhole(*this) ? State::kGranted : State::kGrantedInPart;
}

const CapacityRequest* CapacityBook::Find(std::string_view request_id) const {
  const auto found = requests_.find(request_id);
  return found == requests_.end() ? nullptr : found->second.get();
}

void CapacityBook::Apply(const CapacityEvent& event) {
  last_number_ = event.number;
  last_decision_ = std::max(last_decision_, event.decision);
  if (event.action == Action::kRank) {
    orders_[{event.pool, event.nature}] = {.workloads = event.workloads,
                                           .identity = event.identity,
                                           .reason = event.reason,
                                           .at_unix_nanos = event.at_unix_nanos};
    for (auto& [id, request] : requests_) {
      if (!IsRankedBy(*request, event)) continue;
      auto changed = std::make_shared<CapacityRequest>(*request);
      changed->ranked = true;
      request = std::move(changed);
    }
    return;
  }
  auto& slot = requests_[event.request_id];
  auto changed =
      slot ? std::make_shared<CapacityRequest>(*slot) : std::make_shared<CapacityRequest>();
  ApplyTo(changed.get(), event);
  slot = std::move(changed);
}

}  // namespace fleetmeter::capacity
