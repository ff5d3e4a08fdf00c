// Who holds chips of a pool, and since when without a break, from a ledger.
//
// The books know which source holds what now, and which workload held what in which hour. So teams
// are told as they are now, and a workload that ended within the present hour is still told.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/view/held_since.h"

namespace fleetmeter {

struct HoldingWorkload {
  std::string workload;
  std::string chip;
  HeldSince since;
};

struct HoldingTeam {
  std::string team;
  std::map<std::string, int64_t> micro_chips;  // by kind, as sources last listed them
  HeldSince since;                             // of any workload and kind
  std::vector<HoldingWorkload> workloads;      // ascending by name and kind
};

// Ascending by team. Within a read transaction of the caller.
absl::StatusOr<std::vector<HoldingTeam>> ReviewHolders(Database& ledger, std::string_view pool,
                                                       int64_t now_unix_nanos);

}  // namespace fleetmeter
