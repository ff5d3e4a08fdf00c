// Which time of a window margins can speak for: that which both inference reports and usage have
// told of. Pure.
//
// Chips that several models share are paid by what each served there, so such models are known for
// the same time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/domain/outcomes/told.h"
#include "daemon/ledger/read/read_outcomes.h"
#include "daemon/ledger/read/read_told_times.h"

namespace fleetmeter {

// A part of a window that is not known, and who has not told of it. Times are by the clocks of the
// zone of the books (DayZone::Local).
struct UnknownTime {
  outcomes::Span time;
  std::string source;  // of inference reports; empty: usage
  // Where the time is the end of the window: until when the source has told. Where it is the
  // beginning: since when.
  int64_t told = 0;
  bool at_end = true;
  std::set<std::string> models;
};

struct KnownTime {
  outcomes::Span window;
  outcomes::Span before_window;
  // By model, and by pool for chip-time without a model. Who is not named has told of nothing, and
  // all of the window counts.
  CountedDays after;
  CountedDays before;    // what lies alike in the window a year earlier
  CountedDays compared;  // of after, what lies alike in before
  // The first and the last day of any model that is known in both years; nothing: there is none.
  std::optional<outcomes::BothYears> both_years;
  std::vector<UnknownTime> unknown;  // of the window, by time
};

// `window` is whole days of the zone of `told`; `now` is a moment.
KnownTime MakeKnownTime(const ToldTimes& told, const outcomes::Span& window,
                        int64_t now_unix_seconds);

}  // namespace fleetmeter
