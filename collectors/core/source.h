// A source of usage: reads one kind of place (a trace, DCGM, Slurm ...) and says what its hosts did
// during a window. The collector numbers, keeps and sends what it says.
//
// Owned and called by one thread, the collector's loop; a source needs no locks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter::collector {

// A half-open window. For a live source duration is the length by the monotonic clock; for a
// replay it is recorded time, speed times the length.
struct Window {
  int64_t start_unix_nanos = 0;
  int64_t length_nanos = 0;
  int64_t duration_nanos = 0;
};

class Source {
 public:
  virtual ~Source() = default;

  // For logs and the client field of the stream: "replay-openb".
  virtual std::string Name() const = 0;

  // Appends one report for each host heard in the window, without sequence. Windows of successive
  // calls follow one another. OutOfRange: a replay has come to its end and nothing was appended.
  // Any other error is this window's alone; the collector logs it and goes on.
  virtual absl::Status Sample(const Window& window, std::vector<v1::UsageReport>& reports) = 0;

  // The longest duration that Sample may be asked for next, so that a replay ends exactly where it
  // should. INT64_MAX for live sources.
  virtual int64_t RemainingNanos() const { return INT64_MAX; }
};

}  // namespace fleetmeter::collector
