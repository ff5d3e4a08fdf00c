// Points in time as databases, data frames and cloud exports write them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fleetmeter {

struct Timestamp {
  int64_t unix_nanos = 0;
  // Midnight UTC of the day that the text names: of a text without an offset the date that is
  // written, whatever the time zone; else the day in UTC.
  int64_t day_unix_seconds = 0;
  // Midnight UTC of the day that begins at this moment by the text's own clock: that of its offset,
  // or else of the time zone. Nothing: none begins then.
  std::optional<int64_t> begun_day_unix_seconds;
};

// Years 1970 to 2199, in one of these forms:
//   2026-03-02                           the beginning of the day in `zone`
//   2026-03-02T08:00:00Z                 RFC 3339, with or without seconds and fraction
//   2026-03-02 08:00:00+00               PostgreSQL, pandas (+00:00), Go (+0000 UTC)
//   2026-03-02 08:00:00.25 UTC           BigQuery
//   02.03.2026, 2.3.2026 08:00           with points, the day comes first
//   2026-03-02 08:00:00                  no offset: the time of `zone`, UTC without one
//   1772438400, 1772438400000, ...       since 1970 in s, ms, us or ns, told apart by magnitude,
//                                        from March 1973 on
// InvalidArgument says what was expected. Of a local time that a clock change makes happen twice,
// or not at all, it says so.
absl::StatusOr<Timestamp> ParseTimestamp(std::string_view text,
                                         const std::optional<absl::TimeZone>& zone = std::nullopt);

// "2026-01-01 08:00:00Z", with a fraction where there is one: the moment as people write it.
std::string UtcText(int64_t unix_nanos);

}  // namespace fleetmeter
