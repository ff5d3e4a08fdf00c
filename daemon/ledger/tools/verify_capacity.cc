#include "daemon/ledger/tools/verify_capacity.h"

#include <string>
#include <utility>
#include <vector>

#include "daemon/ledger/capacity_chain.h"
#include "daemon/ledger/read/read_capacity_events.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using capacity::CapacityEvent;

constexpr int kMostFindings = 10;

absl::Status CheckRanked(Finder& finder) {
  return finder.Find(
      "SELECT number FROM capacity_event_workloads GROUP BY number "
      "HAVING count(*) <> max(position) + 1",
      [](const Statement& row) {
        return fmt::format("event {} of requests leaves out a place of its order", row.Integer(0));
      });
}

// A row's columns that its action has nothing to say about.
bool SaysMore(const CapacityEvent& event) { return event != WhatItSays(event); }

void CheckChain(const std::vector<CapacityEvent>& events, Finder& finder) {
  CapacityChain chain;
  int found = 0;
  for (const CapacityEvent& event : events) {
    std::string fault = chain.Take(event);
    if (fault.empty() && SaysMore(event)) {
      fault = fmt::format("event {} of requests says more than its action", event.number);
    }
    if (fault.empty()) continue;
    if (++found <= kMostFindings) finder.Add(std::move(fault));
  }
  if (found > kMostFindings) {
    finder.Add(fmt::format("... and {} more of these", found - kMostFindings));
  }
}

}  // namespace

absl::Status VerifyCapacity(Finder& finder) {
  if (absl::Status status = CheckRanked(finder); !status.ok()) return status;
  const auto events = ReadCapacityEvents(finder.database());
  if (absl::IsDataLoss(events.status())) {
    finder.Add(std::string(events.status().message()));
    return absl::OkStatus();
  }
  if (!events.ok()) return events.status();
  CheckChain(*events, finder);
  return absl::OkStatus();
}

}  // namespace fleetmeter
