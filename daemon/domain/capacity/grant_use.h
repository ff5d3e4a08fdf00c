// What was used under grants: chips that a team held, shared out to its grants hour by hour so that
// nothing counts twice. Pure.
//
// A grant is used by chips of its kind that its team holds in its pool. Of each hour, grants that
// name the workload take that workload's chips first; then all grants of the team take what is
// left of the team's chips, whatever the workload. Of equal ones the older grant goes first: the
// one that was decided earlier, or else by id. None takes more than its chips for the hour; what is
// left over is under no grant. Of chips that several took, each has its part of what was measured
// and busy, by integers that add up (outcomes/apportion.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/domain/capacity/capacity_book.h"

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

struct GrantUse {
  std::string request_id;
  // Of the grant up to now: what it promised, and what of that was held and worked.
  absl::int128 granted_chip_nanos = 0;
  absl::int128 used_chip_nanos = 0;
  absl::int128 busy_chip_nanos = 0;
  absl::int128 measured_chip_nanos = 0;
  // The most chips in one period, in micro-chips, rounded down.
  int64_t peak_micro_chips = 0;
  // Of its time up to now: the part that the books tell by the hour. The rest is known by days
  // only, or not at all, and is in none of the sums above.
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
  std::vector<Beyond> beyond;
};

// `told_from`: since when the books tell hours. Periods are in any order; those that start before
// it, or that are no hours, count nowhere. Nothing of the present hour or later counts.
SharedUse ShareUse(const CapacityBook& book, const std::vector<UsedPeriod>& periods,
                   int64_t told_from_unix_seconds, int64_t now_unix_seconds);

}  // namespace fleetmeter::capacity
