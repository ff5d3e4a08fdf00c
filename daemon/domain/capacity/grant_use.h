// What was used under grants: chips that a team held, shared out to its grants hour by hour so that
// nothing counts twice. Pure.
//
// A grant is used by chips of its kind that its team holds in its pool. Of each hour, grants that
// name the workload take that workload's chips first; then all grants of the team take what is
// left of the team's chips, whatever the workload. Of equal ones the older grant goes first: the
// one that was decided earlier, or else by id. None takes more than its chips for the hour; what is
// left over is under no grant. Of chips that several took, each has its part of what was measured
// and busy, by integers that add up (outcomes/apportion.h).
//
// What nobody told of is neither used nor unused. Of the chips that a grant did not use in an hour,
// those are untold that may have been used by chips that should have been heard and were not.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/report/window_set.h"

namespace fleetmeter::capacity {

// What the ledger has of one hour (or, where only days are kept, of one day).
struct UsedPeriod {
  int64_t start_unix_seconds = 0;
  int64_t seconds = 3'600;
  std::string pool;
  std::string team;
  std::string workload;
  std::string chip;
  absl::int128 assigned_chip_nanos = 0;
  absl::int128 busy_chip_nanos = 0;      // of the measured part
  absl::int128 measured_chip_nanos = 0;  // with a signal
};

// Chip-time of one hour that should have been heard and was not, while others were heard: by who
// held the chips when they were last heard.
struct UnheardHour {
  int64_t start_unix_seconds = 0;
  std::string pool;
  std::string team;  // empty: no team held them
  std::string chip;
  absl::int128 chip_nanos = 0;
};

// What is told of a time, and what is not.
struct ToldUse {
  std::vector<UsedPeriod> periods;  // in any order; those that are no hours count nowhere
  // Since when the books tell hours.
  int64_t told_from_unix_seconds = 0;
  // When nobody told of anything; ascending, apart.
  std::vector<TimeSpan> silent;
  // Since when anybody told of chips of a pool. A pool that is not here was never told of.
  std::map<std::string, int64_t, std::less<>> pools_from_unix_nanos;
  std::vector<UnheardHour> unheard;  // in any order
};

struct GrantUse {
  std::string request_id;
  // Of the told part of the grant's time: what it promised, and what of that was held and worked.
  absl::int128 granted_chip_nanos = 0;
  absl::int128 used_chip_nanos = 0;
  absl::int128 busy_chip_nanos = 0;
  absl::int128 measured_chip_nanos = 0;
  // What it promised beside that, of which nobody knows whether it was used. It is in none of the
  // sums above.
  absl::int128 untold_chip_nanos = 0;
  // The most chips in one period, in micro-chips, rounded down.
  int64_t peak_micro_chips = 0;
  // The grant's time, divided as what it promised is: told is rounded down.
  int64_t told_seconds = 0;
  int64_t untold_seconds = 0;
};

struct SharedUse {
  std::vector<GrantUse> grants;  // ascending by request id
  // Chips of teams that were under no grant, by pool and team: (pool, team, chip-nanoseconds).
  struct Beyond {
    std::string pool;
    std::string team;
    absl::int128 chip_nanos = 0;
  };
  std::vector<Beyond> beyond;  // ascending by pool and team
};

// The use of all grants in the full hours of [from, to). What is of a grant beside that time counts
// nowhere.
SharedUse ShareUse(const CapacityBook& book, const ToldUse& told, int64_t from_unix_seconds,
                   int64_t to_unix_seconds);

// The use in two times that are apart, of the same grants in the same order.
void AddUse(const SharedUse& more, SharedUse* sum);

}  // namespace fleetmeter::capacity
