// What waits for chips, as one report tells it: the messages Demand and Waiting of usage.proto,
// decoded, names not yet looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fleetmeter {

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
};

struct Demand {
  std::string scheduler;           // empty: the source's own queue
  std::vector<std::string> pools;  // that the scheduler speaks for; empty: all
  std::vector<WaitingWork> waiting;
};

}  // namespace fleetmeter
