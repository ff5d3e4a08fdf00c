// What waits for chips of each pool, and how much of it could start now. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/accounting/live_demand.h"
#include "daemon/domain/reference_data.h"

namespace fleetmeter {

// What is shown of chips without a kind, and of kinds beyond the first of many.
inline constexpr char kUnspecifiedChip[] = "unspecified";
inline constexpr char kOtherChips[] = "other";

struct TeamDemand {
  double h100e = 0;
  int64_t requests = 0;
};

struct PoolDemand {
  // Of the chips whose worth is known: those of a kind of the catalog, and those of no kind where
  // the pool has one kind of chip only.
  double h100e = 0;
  int64_t micro_chips = 0;  // all
  int64_t requests = 0;
  std::optional<int64_t> oldest_wait_seconds;  // nothing: not known, or nothing waits
  // Of the entries of reports, each by its requests.
  std::optional<int64_t> median_wait_seconds;
  // Of the requests whose wait reports tell. Nothing: something waits, and none tells.
  std::optional<WaitCounts> waits;
  std::map<std::string, int64_t> uncounted_micro_chips;  // not in h100e, by kind
  std::map<std::string, TeamDemand> teams;               // "": not known
  std::map<std::string, int64_t> requests_by_reason;     // "": not told

  // Of h100e: whole requests, the smallest first, that fit into the headroom of the pool, and those
  // that fit besides if it borrows what it may. Nothing: it is not known what fits.
  std::optional<double> servable_h100e;
  std::optional<double> servable_by_borrowing_h100e;

  // Requests of one size, for the two above.
  struct Alike {
    double h100e_each = 0;
    int64_t requests = 0;
  };
  std::vector<Alike> by_size;  // ascending
};

// The kinds of chips of a pool, by its name. A pool that is not named has none.
using KindsByPool = std::map<std::string, std::set<std::string>>;

// By pool; pools that nobody speaks for are left out. Says nothing of what could start.
std::map<std::string, PoolDemand> DemandByPool(const DemandFacts& facts, const Plan& plan,
                                               const KindsByPool& kinds, const Catalog& catalog,
                                               int64_t now_unix_nanos);

// Of whole requests, the smallest first, what fits into so much room.
double FitsInto(const PoolDemand& demand, double room_h100e);

}  // namespace fleetmeter
