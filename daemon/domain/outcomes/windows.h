// Windows of whole UTC days, and the same a year earlier. Pure; days are named by their start in
// seconds since 1970, spans are half-open.
#pragma once

#include <compare>
#include <cstdint>

namespace fleetmeter::outcomes {

// The same time of the same day a year earlier; 29 February becomes 28 February.
int64_t YearEarlier(int64_t unix_seconds);

// The same time of the same day a year later; 29 February becomes 28 February.
int64_t YearLater(int64_t unix_seconds);

struct Span {
  int64_t from = 0;
  int64_t to = 0;

  friend auto operator<=>(const Span&, const Span&) = default;
};
// The last `days` days, the one that holds `now` included.
Span TrailingDays(int64_t days, int64_t now_unix_seconds);
// By the calendar at both ends, so that a year is all of its months, leap day or not.
Span YearEarlier(const Span& span);

}  // namespace fleetmeter::outcomes
