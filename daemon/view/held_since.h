// Since when somebody has held chips without a break, by the hours of the books. Pure.
//
// An hour in which nothing was held is a break only where that is certain: at some moment of it all
// sources that could have told did tell. Silence is no break, and what lies before it is not known.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "daemon/domain/report/window_set.h"

namespace fleetmeter {

// The time in which every source told. A source is expected from its first window on, for ever: it
// may still hold what it held when it fell silent.
class ToldByAll {
 public:
  explicit ToldByAll(const std::vector<WindowSet>& sources);
  // Whether some moment of the span is in it.
  bool Meets(TimeSpan span) const;

 private:
  std::vector<TimeSpan> spans_;  // ascending, apart
};

// Times are the beginnings of full hours, in seconds since 1970.
struct HeldSince {
  enum class Unknown {
    kNo,          // `since` is known
    kUntold,      // sources were silent in the hour before, or there were none
    kBooksBegin,  // it has held since the first hour of the books
    kHoursEnd,    // the books keep no hours from before
  };
  std::optional<int64_t> since;
  int64_t at_least_since = 0;  // it has held in each hour from this one on
  Unknown unknown_because = Unknown::kNo;
  std::optional<int64_t> not_before;  // kUntold: it began in this hour at the earliest
  std::optional<int64_t> last_known;  // the end of the latest hour in which it held; empty: now
};

// Looks back from the present, hour by hour.
struct HeldHoursQuestion {
  int64_t present = 0;     // the hour that is under way
  int64_t lately = 0;      // what was held in this hour, or later, is held now
  int64_t read_from = 0;   // hours before this one are not read yet
  int64_t books_from = 0;  // the first hour of the books
  int64_t kept_from = 0;   // the first hour that the books still keep
};

struct HeldHoursAnswer {
  enum class Kind {
    kHolds,
    kEnded,    // there was a break since
    kEarlier,  // earlier hours say more
  };
  Kind kind = Kind::kEnded;
  HeldSince since = {};  // kHolds
};

// `hours`: those in which it held something.
HeldHoursAnswer LookBack(const HeldHoursQuestion& question, const std::set<int64_t>& hours,
                         const ToldByAll& told);

// "untold", "books_begin", "hours_end"; empty for kNo.
const char* Name(HeldSince::Unknown unknown);

}  // namespace fleetmeter
