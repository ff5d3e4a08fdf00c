#include "daemon/ctl/parse_moment.h"

#include <fmt/format.h>

#include "absl/time/time.h"
#include "daemon/base/text.h"
#include "daemon/base/timestamp.h"
#include "daemon/base/units.h"

namespace fleetmeter::ctl {

absl::StatusOr<int64_t> ParseMoment(const std::string& text) {
  if (const auto nanos = ParseTime(text)) return *nanos;
  // What does not say its offset is another moment by other clocks.
  const auto by_utc = ParseTimestamp(text, absl::UTCTimeZone());
  const auto by_other_clocks = ParseTimestamp(text, absl::FixedTimeZone(kSecondsPerHour));
  const bool is_time = by_utc.ok() && by_other_clocks.ok();
  if (is_time && by_utc->unix_nanos == by_other_clocks->unix_nanos) return by_utc->unix_nanos;
  if (!is_time || text.find(':') == std::string::npos) {
    return absl::InvalidArgumentError(fmt::format(
        "{} is not a date such as 2026-01-01 or a time such as 2026-01-01T08:00Z", Quoted(text)));
  }
  return absl::InvalidArgumentError(fmt::format(
      "{} does not say its offset from UTC; expected a time such as {}Z", Quoted(text), text));
}

}  // namespace fleetmeter::ctl
