// Which chips should have been heard at a time of the past and were not, and since when anybody
// told of a pool. `ledger` may be a connection that only reads.
//
// A source should be heard from its first window on, until a person says that it is gone. While it
// is silent, it is taken to hold what it held when it was last heard: the table silences has that
// of each gap, and holdings that of a source that is silent still. The rule in words is in
// daemon/domain/capacity/README.md.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "daemon/domain/fleet/ratio.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/read/told_spans.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// A quantity that changes by steps, such as the chips that are not heard.
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

// Whose chips they were when they were last heard.
struct UnheardKey {
  std::string pool;
  std::string team;  // empty: no team held them
  std::string chip;
  int64_t numerator = 0;  // chips of it that make one H100e: numerator / denominator
  int64_t denominator = 0;

  friend auto operator<=>(const UnheardKey&, const UnheardKey&) = default;
};

class Unheard {
 public:
  explicit Unheard(std::map<UnheardKey, StepCurve> chips) : chips_(std::move(chips)) {}

  // Chip-nanoseconds of a span, each rounded up; only what is not 0.
  std::map<UnheardKey, absl::int128> In(TimeSpan span) const;
  // H100e-nanoseconds of a pool; of its chips that a team held, or no team, if it is given.
  absl::int128 H100eNanos(std::string_view pool, TimeSpan span,
                          std::optional<std::string_view> team = std::nullopt) const;

 private:
  std::map<UnheardKey, StepCurve> chips_;  // micro-chips
};

// Of [from, to) in seconds since 1970, without the time in which nobody told of anything (`told` is
// all that was ever told). Of one pool, or of all (""). Within a transaction of the caller.
absl::StatusOr<Unheard> ReadUnheardWithin(Database& ledger, const Spans& told, int64_t from,
                                          int64_t to, std::string_view pool = {});

// Since when anybody told of chips of a pool; a pool that nobody told of is not among them.
absl::StatusOr<std::map<std::string, int64_t, std::less<>>> ReadPoolsFrom(Database& ledger);

// What was heard of what should have been heard, from 0 to 1; nothing: nothing should have been.
std::optional<double> HeardPart(absl::int128 heard, absl::int128 unheard);

}  // namespace fleetmeter
