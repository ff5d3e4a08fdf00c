// Whether events of requests for capacity follow from one another, as they stand in the books. What
// may be decided is for daemon/domain/capacity to say; this finds what was lost, changed or put in
// since. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "daemon/domain/capacity/capacity_event.h"

namespace fleetmeter {

// Only what the event's action has something to say about: what its row in the ledger holds.
capacity::CapacityEvent WhatItSays(const capacity::CapacityEvent& event);

// Is given all events in the order of their numbers. Not thread-safe.
class CapacityChain {
 public:
  // What is wrong with the next event, as a sentence; empty: nothing is. It is taken either way.
  std::string Take(const capacity::CapacityEvent& event);

 private:
  struct Request {
    int64_t revision = 0;
    int64_t chips = 0;  // asked for
    bool decided = false;
    // Of a grant, when it was given; 0: none was.
    int64_t start_unix_seconds = 0;
    int64_t end_unix_seconds = 0;
  };

  std::string_view FaultOfNumbers(const capacity::CapacityEvent& event);
  std::string_view FaultOf(const capacity::CapacityEvent& event, const Request& request) const;
  static void Advance(const capacity::CapacityEvent& event, Request* request);

  int64_t last_number_ = 0;
  int64_t last_decision_ = 0;
  std::map<std::string, Request, std::less<>> requests_;
};

}  // namespace fleetmeter
