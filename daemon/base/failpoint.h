// Places where a test may end, hold up or fail the process, by name. Only in builds that were
// configured with FLEETMETER_FAILPOINTS; elsewhere FAILPOINT(name) is absl::OkStatus().
//
// The environment variable FLEETMETER_FAILPOINTS says what is to happen, when the first one is
// passed: "NAME=ACTION[@N],..." with an action of
//   abort      the process ends as by SIGKILL: nothing is flushed, nothing is cleaned up
//   delay:MS   the thread waits that long
//   error      FAILPOINT gives Unavailable
// and @N: only the N-th time (from 1), not every time. What cannot be read ends the process, so
// that no test passes for want of its fault.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/mutex.h"

namespace fleetmeter {

struct FailpointAction {
  enum class Kind { kAbort, kDelay, kError };
  Kind kind = Kind::kError;
  int64_t delay_millis = 0;
  uint64_t only_hit = 0;  // from 1; 0: every time

  friend bool operator==(const FailpointAction&, const FailpointAction&) = default;
};

// By name. InvalidArgument says what was expected.
absl::StatusOr<std::map<std::string, FailpointAction, std::less<>>> ParseFailpoints(
    std::string_view text);

// Counts how often each was passed. Thread-safe.
class Failpoints {
 public:
  explicit Failpoints(std::map<std::string, FailpointAction, std::less<>> actions)
      : actions_(std::move(actions)) {}

  absl::Status Pass(std::string_view name);

  // Those of the environment.
  static Failpoints& OfProcess();

 private:
  const std::map<std::string, FailpointAction, std::less<>> actions_;
  Mutex mutex_;
  std::map<std::string, uint64_t, std::less<>> hits_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter

#ifdef FLEETMETER_FAILPOINTS
#define FAILPOINT(name) ::fleetmeter::Failpoints::OfProcess().Pass(name)
#else
#define FAILPOINT(name) ::absl::OkStatus()
#endif
