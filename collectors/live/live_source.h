// A source that looks at a running system: an exporter, a driver, a scheduler. It says what it sees
// now, in the vocabulary of collectors/device; joining, attribution, reports, numbering and
// delivery are done for it.
#pragma once

#include <chrono>
#include <optional>

#include "absl/status/statusor.h"
#include "collectors/device/device_reading.h"
#include "daemon/base/clock.h"

namespace fleetmeter::collector {

// For one look.
struct Look {
  // By when the answer is of use. Later answers are thrown away, and nobody waits for them.
  std::chrono::steady_clock::time_point deadline;
  int64_t unix_nanos = 0;       // when the look began
  int64_t monotonic_nanos = 0;  // likewise; differences of counters go by it
};

// Owned by one thread, which calls Observe and nothing else; a source needs no locks, and may keep
// what it saw the last time.
class LiveSource {
 public:
  virtual ~LiveSource() = default;

  // Looks once. An error is for this look alone, and its code is the reason that metrics count:
  // use Unavailable, DeadlineExceeded, PermissionDenied, NotFound, InvalidArgument (not
  // understood), ResourceExhausted (too much). The message says what was expected. Chips that could
  // not be read are unmeasured (no activity); hosts that could not be read are left out.
  virtual absl::StatusOr<Observation> Observe(const Look& look) = 0;

  // Whether this one source sees holders, where its configuration says more than its type knows.
  virtual std::optional<bool> SeesHolders() const { return std::nullopt; }
};

}  // namespace fleetmeter::collector
