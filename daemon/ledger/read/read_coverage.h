// How much of a pool's past was told of: by which time of each source was counted, and what it held
// when last heard. The books do not keep which host held what at which time, so this is the
// coverage of the hosts that hold chips of the pool now, or did when they fell silent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// What was counted of a source, as far as its gaps are remembered; ascending.
std::vector<TimeSpan> KnownSpans(const WindowSet& windows);

// A quantity that changes by steps, such as what was told of.
class StepCurve {
 public:
  // What it is more in a span of time than beside it; spans may overlap.
  explicit StepCurve(const std::vector<std::pair<TimeSpan, int64_t>>& parts);
  absl::int128 Integral(TimeSpan span) const;

 private:
  // From the beginning of time on.
  absl::int128 IntegralUntil(int64_t unix_nanos) const;

  struct Step {
    int64_t from_unix_nanos = 0;
    absl::int128 level = 0;   // from here on
    absl::int128 before = 0;  // the integral up to here
  };
  std::vector<Step> steps_;  // ascending
};

class Coverage {
 public:
  struct Source {
    WindowSet windows;   // not empty
    int64_t weight = 0;  // what its chips count, such as micro-H100e
  };
  // A source is expected to tell of all time from its first window on. One that is silent is
  // expected for `silence_nanos`, and not after that until it is back: nobody knows what became of
  // what it held.
  Coverage(const std::vector<Source>& sources, int64_t silence_nanos);

  // From 0 to 1; nothing: nobody was expected to tell.
  std::optional<double> Of(TimeSpan span) const;

 private:
  StepCurve told_;
  StepCurve expected_;
};

// By pool; of every pool if `pool` is empty. A pool whose chips no source holds is not among them.
// Within a transaction of the caller.
absl::StatusOr<std::map<std::string, Coverage>> ReadCoverageWithin(Database& ledger,
                                                                   std::string_view pool,
                                                                   int64_t silence_nanos);

}  // namespace fleetmeter
