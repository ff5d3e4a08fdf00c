// One run of a command, within bounds. A function without state, for any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fleetmeter::collector {

// What it printed, if it ended with 0 or with one of `other_codes`: some tools end with another
// code when all that they say is good. Its standard input is empty, times are UTC (TZ), and no
// shell is between. When the deadline or the limit is reached, it and its children are killed.
//   NotFound            there is no such program
//   DeadlineExceeded    it has not ended in time
//   ResourceExhausted   it prints more than `max_bytes`
//   Unavailable         it ended with another code, or by a signal; the message has its last words
absl::StatusOr<std::string> RunCommand(const std::vector<std::string>& argv,
                                       std::chrono::steady_clock::time_point deadline,
                                       int64_t max_bytes, const std::vector<int>& other_codes = {});

}  // namespace fleetmeter::collector
