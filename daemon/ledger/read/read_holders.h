// Who held chips of a pool in which hours, and who could have told of it. `ledger` may be a
// connection that only reads. Each call is within a transaction of the caller.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// Of one pool.
struct HolderName {
  std::string team;
  std::string workload;
  std::string chip;
  friend auto operator<=>(const HolderName&, const HolderName&) = default;
};

// The hours in which each of them had chips assigned, as seconds since 1970.
using HeldHours = std::map<HolderName, std::set<int64_t>>;

// Adds the hours of [from, to) to `hours`, by the time of use. Hours that are not kept any more
// have nothing.
absl::Status ReadHeldHoursWithin(Database& ledger, std::string_view pool, int64_t from, int64_t to,
                                 HeldHours* hours);

// Where the hours of the books begin, in seconds since 1970.
struct FirstHours {
  int64_t told = 0;  // in which any source told first; 0: none ever did
  int64_t kept = 0;  // before it, only days or quarters are left
};
absl::StatusOr<FirstHours> ReadFirstHoursWithin(Database& ledger);

// What the sources of a pool hold by what they last listed, heard or not.
struct PoolHoldings {
  // Micro-chips that are assigned, by team and kind of chip.
  std::map<std::pair<std::string, std::string>, int64_t> assigned;
  // Of each kind, in any state: the time that each source which holds some has told of.
  std::map<std::string, std::vector<WindowSet>> told;
};
absl::StatusOr<PoolHoldings> ReadPoolHoldingsWithin(Database& ledger, std::string_view pool);

}  // namespace fleetmeter
