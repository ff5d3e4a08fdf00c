// What waits for chips, as one report tells it: the messages Demand and Waiting of usage.proto,
// decoded, names not yet looked up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fleetmeter {

// Requests by how long they have been waiting: of the first class at most kWaitBoundsSeconds[0],
// of the last longer than all bounds.
inline constexpr std::array<int64_t, 9> kWaitBoundsSeconds = {
    60, 300, 900, 3'600, 14'400, 43'200, 86'400, 259'200, 604'800};

struct WaitCounts {
  std::array<int64_t, kWaitBoundsSeconds.size() + 1> requests{};
  double total_seconds = 0;  // of all of them; sums of what many sources tell pass 64 bits

  WaitCounts& operator+=(const WaitCounts& other) {
    for (size_t i = 0; i < requests.size(); ++i) requests[i] += other.requests[i];
    total_seconds += other.total_seconds;
    return *this;
  }
  friend bool operator==(const WaitCounts&, const WaitCounts&) = default;
};

struct WaitingWork {
  std::string pool;
  std::string team;  // may be empty, as may all that follow
  std::string workload;
  std::string chip;  // empty: any kind will do, or it is not told
  std::string reason;
  int64_t micro_chips = 0;
  int64_t requests = 0;
  std::optional<int64_t> oldest_wait_seconds;  // nothing: not known
  std::optional<int64_t> median_wait_seconds;  // only with the oldest
  std::optional<WaitCounts> waits;             // of at most `requests`
};

struct Demand {
  std::string scheduler;           // empty: the source's own queue
  std::vector<std::string> pools;  // that the scheduler speaks for; empty: all
  std::vector<WaitingWork> waiting;
};

}  // namespace fleetmeter
