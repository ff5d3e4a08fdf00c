// The numbers that people see, worked out from FleetFacts and the plan. Pure.
//
// GLOSSARY.md defines the words. A number that is not known is nullopt.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/accounting/writer.h"
#include "daemon/view/idle_cost.h"
#include "daemon/view/pool_demand.h"

namespace fleetmeter {

// One (chip kind, signal) of a pool, or one (team, signal).
struct UseView {
  std::string chip;  // empty in a team's view
  std::string signal;
  absl::int128 assigned_micro_chips = 0;
  absl::int128 unheard_micro_chips = 0;  // or unaccounted for
  double assigned_h100e = 0;
  double busy_h100e = 0;
  double productive_h100e = 0;
  bool measured = false;             // the signal measures activity
  bool productive_measured = false;  // some source measures the productive part
  absl::int128 idle_micro_chips = 0;
  IdleCost idle_cost = {};
  BookedAmounts booked;  // chip-nanoseconds; 0 in a team's view, which mixes kinds
  double booked_assigned_h100e_seconds = 0;
  double booked_busy_h100e_seconds = 0;
  double booked_productive_h100e_seconds = 0;
};

struct TeamView {
  std::string team;
  double assigned_h100e = 0;
  std::optional<double> busy_h100e;
  std::optional<double> idle_h100e;
  double idle_chips = 0;
  IdleCost idle_cost = {};
  std::optional<int64_t> idle_since_unix_nanos;
  bool heard = true;  // false: all it is known to hold is held by silent sources
  std::vector<UseView> by_signal;
};

struct ActivityView {
  std::optional<double> p10, p50, p90;
  ActivityHistogram histogram;
};

// A pool's chips, whatever the plan says of it: what is held, and what was booked.
struct PoolUse {
  std::string pool;
  std::vector<UseView> uses;  // by chip and signal, sorted
  std::vector<TeamView> teams;
  ActivityView activity;
  double assigned_h100e = 0;
  double measured_h100e = 0;  // the part of assigned whose activity is measured
  double busy_h100e = 0;
  double productive_h100e = 0;
  bool productive_measured = false;
  double unhealthy_h100e = 0;
  double reserved_h100e = 0;
  double unheard_h100e = 0;      // assigned or unhealthy
  double unaccounted_h100e = 0;  // assigned or unhealthy
  double heard_any_h100e = 0;    // all states, for coverage
  double unheard_any_h100e = 0;
  double unaccounted_any_h100e = 0;

  // All that sources have named for it.
  double KnownH100e() const { return heard_any_h100e + unheard_any_h100e + unaccounted_any_h100e; }
  // What it may hold though nobody says so now: assigned or unhealthy.
  double MissingH100e() const { return unheard_h100e + unaccounted_h100e; }
  double idle_chips = 0;
  IdleCost idle_cost = {};
};

// A pool of the plan in force.
struct PoolView {
  const Pool* pool = nullptr;    // of Snapshot.plan
  const PoolUse* use = nullptr;  // of Snapshot.uses
  // What the pool can admit for certain; nullopt while nothing is heard that could say so.
  std::optional<double> headroom_h100e;
  // What it could admit besides if no orphaned chip were its own.
  double uncertain_h100e = 0;
  double borrowed_h100e = 0;
  std::optional<double> borrowable_h100e;  // nullopt while the headroom is not known
  double coverage = 0;
  std::optional<double> busy_h100e;
  std::optional<double> productive_h100e;
  std::optional<double> idle_h100e;
  std::optional<double> unused_h100e;
  std::optional<double> measured_ratio;
  std::optional<double> utilization;
  std::optional<PoolDemand> demand;          // nullopt: no live source tells of any
  std::optional<double> usd_per_h100e_hour;  // chip_price.h; nullopt: a price is not known
};

struct SupplyView {
  std::string provider;
  std::string chip;
  std::array<absl::int128, kChipStates.size()> micro_chips{};  // by ChipState
  absl::int128 unheard_micro_chips = 0;
  absl::int128 unaccounted_micro_chips = 0;
  absl::int128 orphaned_micro_chips = 0;  // of those that are assigned
  int64_t declared_chips = 0;
  double chips_per_h100e = 1;

  absl::int128 HeardMicroChips() const;
  absl::int128 KnownMicroChips() const;
};

struct Snapshot {
  std::shared_ptr<const ReferenceData> reference;
  const Plan* plan = nullptr;  // in force
  int64_t as_of_unix_nanos = 0;
  KnownThresholds thresholds;
  std::map<std::string, PoolUse>
      uses;                     // every pool that was ever named, and every pool of the plan
  std::vector<PoolView> pools;  // the plan's, in its order
  // What sources hold under pools that the plan does not know, by pool: assigned, unhealthy,
  // unheard or unaccounted for. Nobody with 0.
  std::map<std::string, double> orphaned_h100e;
  std::vector<SupplyView> supply;    // by provider and chip
  double supply_heard_h100e = 0;     // at the general ratios, as coverage counts it
  double supply_known_h100e = 0;     // heard, unheard or unaccounted for
  double supply_expected_h100e = 0;  // the larger of declared and known, by kind
  std::optional<double> supply_coverage;
  // H100e-seconds granted since the start, by pool.
  std::map<std::string, double> allocated_h100e_seconds;
  // Live sources that may be one host, while more chips of a kind are heard than declared.
  std::vector<std::pair<std::string, std::string>> double_hosts;
  uint64_t live_sources = 0;
  uint64_t silent_sources = 0;
  uint64_t unaccounted_sources = 0;
  uint64_t rejected_sources = 0;

  const PoolView* FindPool(const std::string& name) const;
  double OrphanedH100e() const;
};

// The snapshot points into itself and into the reference data: it is shared, never copied.
std::shared_ptr<const Snapshot> MakeSnapshot(const FleetFacts& facts,
                                             std::shared_ptr<const ReferenceData> reference,
                                             const KnownThresholds& thresholds);

// The numbers as of the writer's latest commit. Never waits for the ledger.
std::shared_ptr<const Snapshot> TakeSnapshot(const Writer& writer);

}  // namespace fleetmeter
