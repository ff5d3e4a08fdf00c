// Who has told of what is served, and of which time: what a margin of any window rests on. `ledger`
// may be a connection that only reads.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/day_zone.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/read/read_outcomes.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

struct ToldTimes {
  // A source of inference reports, and what it ever told of.
  struct Source {
    std::string name;
    WindowSet windows;
  };
  std::vector<Source> sources;
  // Which of them told of a model, by its place in `sources`, and the pool that it named ("":
  // none).
  struct Named {
    std::string model;
    std::string pool;
    size_t source = 0;

    friend auto operator<=>(const Named&, const Named&) = default;
  };
  std::set<Named> named;
  // The days from the first to the last on which chips of inference's pools served a model ("" with
  // the pool: nobody said which).
  struct Served {
    std::string model;
    std::string pool;

    friend auto operator<=>(const Served&, const Served&) = default;
  };
  std::map<Served, DaySpan> served;
  int64_t usage_until_unix_nanos = 0;  // the end of the latest window of any usage report
  DayZone zone;                        // whose days the books have
};
// Of all that the books ever had: reads every day.
absl::StatusOr<ToldTimes> ReadToldTimes(Database& ledger);

}  // namespace fleetmeter
