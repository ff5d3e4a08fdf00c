#include "daemon/domain/capacity/standing.h"

namespace fleetmeter::capacity {

std::string_view Name(Standing standing) {
  switch (standing) {
    case Standing::kBelow:
      return "below";
    case Standing::kWithin:
      return "within";
    case Standing::kAbove:
      return "above";
    case Standing::kTooEarly:
      return "too early";
    case Standing::kCannotBeTold:
      return "cannot be told";
  }
  return "unknown";
}

Standing StandingOf(const Roi& promised, const Came& came, int64_t now_unix_seconds) {
  if (now_unix_seconds < promised.expected_by_unix_seconds) return Standing::kTooEarly;
  if (!came.micro_usd) return Standing::kCannotBeTold;
  if (*came.micro_usd > promised.high_micro_usd) return Standing::kAbove;
  if (!came.whole) return Standing::kCannotBeTold;
  return *came.micro_usd < promised.low_micro_usd ? Standing::kBelow : Standing::kWithin;
}

}  // namespace fleetmeter::capacity
