#include "daemon/ledger/capacity_chain.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {

using capacity::Action;
using capacity::CapacityEvent;

namespace {

bool HasForm(Action action) { return action == Action::kSubmit || action == Action::kAmend; }

// What events of every action have.
CapacityEvent Bare(const CapacityEvent& event) {
  CapacityEvent bare;
  bare.number = event.number;
  bare.at_unix_nanos = event.at_unix_nanos;
  bare.action = event.action;
  bare.identity = event.identity;
  bare.reason = event.reason;
  bare.request_id = event.request_id;
  bare.revision = event.revision;
  return bare;
}

bool IsGranted(const CapacityEvent& event, int64_t asked_chips) {
  return event.granted_chips > 0 && event.granted_chips <= asked_chips &&
         event.start_unix_seconds < event.end_unix_seconds;
}

}  // namespace

CapacityEvent WhatItSays(const CapacityEvent& event) {
  CapacityEvent said = Bare(event);
  switch (event.action) {
    case Action::kSubmit:
    case Action::kAmend:
      said.form = event.form;
      said.form.request_id = event.request_id;
      said.worth = event.worth;
      break;
    case Action::kGrant:
      said.worth = event.worth;
      said.granted_chips = event.granted_chips;
      said.start_unix_seconds = event.start_unix_seconds;
      said.end_unix_seconds = event.end_unix_seconds;
      said.decision = event.decision;
      break;
    case Action::kDecline:
      said.decision = event.decision;
      break;
    case Action::kRelease:
      said.end_unix_seconds = event.end_unix_seconds;
      break;
    case Action::kRank:
      said.request_id.clear();
      said.revision = 0;
      said.pool = event.pool;
      said.nature = event.nature;
      said.workloads = event.workloads;
      break;
    case Action::kWithdraw:
      break;
  }
  return said;
}

std::string CapacityChain::Take(const CapacityEvent& event) {
  std::string_view fault = FaultOfNumbers(event);
  last_number_ = event.number;
  last_decision_ = std::max(last_decision_, event.decision);
  if (event.action != Action::kRank) {
    Request& request = requests_[event.request_id];
    if (fault.empty()) fault = FaultOf(event, request);
    Advance(event, &request);
  }
  if (fault.empty()) return "";
  return fmt::format("event {} of requests ({} of {}) {}", event.number,
                     capacity::Name(event.action),
                     event.request_id.empty() ? event.pool : Quoted(event.request_id), fault);
}

std::string_view CapacityChain::FaultOfNumbers(const CapacityEvent& event) {
  if (event.number != last_number_ + 1) return "does not follow the number of the one before it";
  const bool decides = event.action == Action::kGrant || event.action == Action::kDecline;
  if (decides && (event.decision <= 0 || event.decision < last_decision_ ||
                  event.decision > last_decision_ + 1)) {
    return "has a decision's number that does not follow";
  }
  return "";
}

std::string_view CapacityChain::FaultOf(const CapacityEvent& event, const Request& request) const {
  if (event.revision != request.revision + 1) return "does not follow the request's revision";
  const bool first = request.revision == 0;
  if (first != (event.action == Action::kSubmit)) {
    return first ? "is of a request that nobody submitted" : "submits a request again";
  }
  if (event.action == Action::kRelease) {
    const bool within = request.start_unix_seconds <= event.end_unix_seconds &&
                        event.end_unix_seconds <= request.end_unix_seconds;
    return request.end_unix_seconds > 0 && within ? "" : "ends a grant that is not there then";
  }
  if (request.decided) return "comes after the request was decided";
  if (event.action == Action::kGrant && !IsGranted(event, request.chips)) {
    return "grants more than was asked for, or nothing";
  }
  return "";
}

void CapacityChain::Advance(const CapacityEvent& event, Request* request) {
  request->revision = event.revision;
  if (HasForm(event.action)) request->chips = event.form.chips;
  if (event.action == Action::kGrant) {
    request->start_unix_seconds = event.start_unix_seconds;
    request->end_unix_seconds = event.end_unix_seconds;
  }
  request->decided = request->decided || event.action == Action::kGrant ||
                     event.action == Action::kDecline || event.action == Action::kWithdraw;
}

}  // namespace fleetmeter
