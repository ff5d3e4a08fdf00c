// What a caller may put into the books about requests for capacity, which keep all of it for ever:
// so many undecided requests, events and bytes. What decides a request always has its place.
//
// Not thread-safe; belongs to the writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/domain/capacity/capacity_book.h"

namespace fleetmeter {

class CapacityLimits {
 public:
  // Undecided requests whose time is not over.
  static constexpr size_t kMostOpen = 10'000;
  static constexpr size_t kMostOpenOfTeam = 1'000;
  // Of one request; the last ones are for what is not an amendment.
  static constexpr int64_t kMostEventsOfRequest = 100;
  static constexpr int64_t kMostAmended = 90;
  // Of one event: all of its text, and the workloads that it ranks.
  static constexpr size_t kMostTextBytes = size_t{256} * 1'024;
  static constexpr size_t kMostRanked = 1'000;
  // Of one identity in a UTC day.
  static constexpr size_t kMostEventsADay = 10'000;
  static constexpr size_t kMostTextBytesADay = size_t{32} * 1'024 * 1'024;

  // InvalidArgument: an event says too much. ResourceExhausted: there is no place for it now; says
  // what would make some. `events` are one order's, and not in the book yet.
  absl::Status Check(const capacity::CapacityBook& book,
                     const std::vector<capacity::CapacityEvent>& events) const;

  // Counts an event that is in the books.
  void Note(const capacity::CapacityEvent& event);

 private:
  struct Caused {
    size_t events = 0;
    size_t text_bytes = 0;
  };

  absl::Status CheckDay(const std::vector<capacity::CapacityEvent>& events) const;

  int64_t day_ = 0;  // the latest of any event, in days since 1970
  std::map<std::string, Caused, std::less<>> caused_;  // on that day, by identity
};

}  // namespace fleetmeter
