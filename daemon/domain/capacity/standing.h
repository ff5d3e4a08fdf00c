// Where what came of a grant lies beside what its request promised. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/domain/capacity/capacity_form.h"

namespace fleetmeter::capacity {

enum class Standing : uint8_t { kBelow, kWithin, kAbove, kTooEarly, kCannotBeTold };
// "below", "within", "above", "too early", "cannot be told".
std::string_view Name(Standing standing);

// What had come by the day that was promised. `micro_usd`: nothing, if none of it is known.
struct Came {
  std::optional<int64_t> micro_usd;
  bool whole = true;  // false: of some of the time it is not known what came, and it would be more
};

// Both ends of the interval are within it. More than the interval is above it even where some is
// not known.
Standing StandingOf(const Roi& promised, const Came& came, int64_t now_unix_seconds);

}  // namespace fleetmeter::capacity
