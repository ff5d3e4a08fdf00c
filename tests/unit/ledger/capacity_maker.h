// Plausible, random events of requests for capacity, which follow from one another.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "daemon/domain/capacity/capacity_book.h"

namespace fleetmeter {

class CapacityMaker {
 public:
  explicit CapacityMaker(uint64_t seed) : random_(seed) {}

  // Up to five events after those that were committed; what was made and not committed is
  // forgotten.
  std::vector<capacity::CapacityEvent> Next(int64_t now_unix_nanos);
  void Committed(const std::vector<capacity::CapacityEvent>& events);

  const std::vector<capacity::CapacityEvent>& events() const { return events_; }

 private:
  int64_t Pick(int64_t below) {
    return std::uniform_int_distribution<int64_t>(0, below - 1)(random_);
  }
  std::string Text();
  capacity::CapacityForm Form(const std::string& id);
  capacity::CapacityEvent After(const capacity::CapacityBook& book, int64_t now_unix_nanos);
  void Submit(const capacity::CapacityBook& book, capacity::CapacityEvent* event);
  void Rank(capacity::CapacityEvent* event);
  // What may become of a request; false: nothing any more.
  bool Change(const capacity::CapacityBook& book, const capacity::CapacityRequest& request,
              capacity::CapacityEvent* event);
  void Decide(const capacity::CapacityBook& book, const capacity::CapacityRequest& request,
              capacity::CapacityEvent* event);

  std::mt19937_64 random_;
  capacity::CapacityBook book_;
  std::vector<capacity::CapacityEvent> events_;
};

// In one line, with everything that it says.
std::string TextOf(const capacity::CapacityEvent& event);

}  // namespace fleetmeter
