// How the live sources of a collector fare, for its metrics. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "collectors/device/device_reading.h"
#include "collectors/device/quota.h"
#include "daemon/base/mutex.h"

namespace fleetmeter::collector {

// "unavailable", "deadline_exceeded", "permission_denied" ...: what a failed look is counted under.
std::string ReasonOf(const absl::Status& status);

// Since the start of the process, unless it says otherwise.
struct SourceStats {
  std::string source;
  uint64_t looks = 0;
  std::map<std::string, uint64_t> errors;  // by reason
  int64_t last_success_unix_nanos = 0;     // 0: never
  std::chrono::nanoseconds last_took{0};
  int64_t hosts = 0;    // in the latest look that succeeded
  int64_t devices = 0;  // likewise
  ObservationCounts counts;
  std::vector<PoolQuota> quotas;  // as it says now; none if it failed the last time
};

class SourceHealth {
 public:
  void Succeeded(const std::string& source, const Observation& observation, int64_t now_unix_nanos,
                 std::chrono::nanoseconds took);
  void Failed(const std::string& source, const absl::Status& status, std::chrono::nanoseconds took);
  void SetQuotas(const std::string& source, std::vector<PoolQuota> quotas);
  // Forgets every other source.
  void Keep(const std::set<std::string>& names);
  // What joining and judging found in the latest round, of all sources together.
  void SetJoined(const ObservationCounts& counts);

  std::vector<SourceStats> stats() const;  // by name
  ObservationCounts joined() const;

 private:
  mutable Mutex mutex_;
  std::map<std::string, SourceStats> sources_ ABSL_GUARDED_BY(mutex_);
  ObservationCounts joined_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter::collector
