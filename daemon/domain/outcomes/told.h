// Which time has been told, and which part of a window can therefore be judged. Pure.
//
// Billing comes later than usage, by days or by a month. Time that nobody has told of yet is not
// time without requests: a window ends where the last of those who tell of it have come.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/domain/outcomes/windows.h"

namespace fleetmeter::outcomes {

// Somebody who tells what is served, and all the time that it has told of, in seconds. Ascending,
// apart, not empty.
struct Teller {
  std::string source;
  std::vector<Span> told;
};

// Who has been silent for longer has ended: nobody waits for them any more. A quarterly invoice may
// take this long.
inline constexpr int64_t kLatenessDays = 100;
// A source that begins at most so long after another has ended has taken over from it: invoices
// come as one file a month, each a source of its own.
inline constexpr int64_t kTakeoverDays = 3;

// From when and until when all of them together have told.
struct Told {
  Span span;           // empty: nobody has
  std::string source;  // the one that its end waits for
};

// Begins with the first of them, and ends with the first of those that are waited for: who has told
// something in the last kLatenessDays and was not taken over from. Where nobody is waited for, it
// ends with the last of them.
Told ToldByAll(const std::vector<Teller>& tellers, int64_t now_unix_seconds);

// Of a window of whole days, those that are told: the days that `told` has all of. The day on which
// it begins is one of them. So is the day on which it ends, where `last_day_counts`.
Span DaysTold(const Span& window, const Span& told, bool last_day_counts);

// Whether anybody has told all of a day of the window.
bool HasWholeDay(const Span& window, const std::vector<Teller>& tellers);

// What both spans have. Empty spans have from == to.
Span Both(const Span& a, const Span& b);
inline bool IsEmpty(const Span& span) { return span.to <= span.from; }

// A part of a window and of the same window a year earlier.
struct BothYears {
  Span before;
  Span after;
};
// Like with like: the parts of `after`, known of `window`, and of `before`, known of the window a
// year earlier, that lie alike in both, by the calendar. Where nothing is known of a year, the
// other year's part stays what it is.
BothYears AlikeInBoth(const Span& window, const BothYears& known);

}  // namespace fleetmeter::outcomes
