#include "daemon/view/snapshot.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <unordered_map>

#include "daemon/base/clock.h"
#include "daemon/view/chip_price.h"
#include "daemon/view/pool_uses.h"

namespace fleetmeter {
namespace {

std::vector<SupplyView> MakeSupply(const FleetFacts& facts, const ReferenceData& reference,
                                   const Plan& plan) {
  std::unordered_map<uint32_t, SupplyView> by_symbol;
  for (const Cell& cell : facts.cells) {
    SupplyView& row = by_symbol[cell.key.chip];
    row.micro_chips[static_cast<size_t>(cell.key.state)] += cell.live.chips;
    row.unheard_micro_chips += cell.unheard;
    row.unaccounted_micro_chips += cell.unaccounted;
    const bool orphaned = cell.key.state == ChipState::kAssigned &&
                          plan.FindPool(facts.names[cell.key.pool]) == nullptr;
    if (orphaned) row.orphaned_micro_chips += cell.live.chips;
    // What it was counted with, should a reload have taken the kind out of the catalog.
    row.provider = "unknown";
    row.chips_per_h100e = facts.conversions[cell.key.conversion].chips_per_h100e.AsDouble();
  }
  std::map<std::string, SupplyView> by_chip;
  for (auto& [chip, row] : by_symbol) by_chip.emplace(facts.names[chip], std::move(row));
  for (const DeclaredSupply& declared : plan.supply) {
    by_chip[declared.chip].declared_chips += declared.chips;
  }
  std::vector<SupplyView> supply;
  for (auto& [chip, row] : by_chip) {
    row.chip = chip;
    if (const ChipKind* kind = reference.catalog.Find(chip)) {
      row.provider = kind->provider;
      row.chips_per_h100e = kind->ConversionAt(facts.as_of_unix_nanos).chips_per_h100e.AsDouble();
    }
    supply.push_back(std::move(row));
  }
  std::sort(supply.begin(), supply.end(), [](const SupplyView& a, const SupplyView& b) {
    return std::tie(a.provider, a.chip) < std::tie(b.provider, b.chip);
  });
  return supply;
}

void FillSupplyCoverage(Snapshot& snapshot) {
  double& heard = snapshot.supply_heard_h100e;
  double& expected = snapshot.supply_expected_h100e;
  for (const SupplyView& row : snapshot.supply) {
    const double live = ChipsFromMicro(row.HeardMicroChips());
    const double known = ChipsFromMicro(row.KnownMicroChips());
    heard += live / row.chips_per_h100e;
    snapshot.supply_known_h100e += known / row.chips_per_h100e;
    expected += std::max(known, static_cast<double>(row.declared_chips)) / row.chips_per_h100e;
  }
  if (expected > 0) snapshot.supply_coverage = heard / expected;
}

// Chips that are held under names of an earlier plan may belong to any pool of this one.
std::map<std::string, double> Orphaned(const std::map<std::string, PoolUse>& uses,
                                       const Plan& plan) {
  std::map<std::string, double> orphaned;
  for (const auto& [name, use] : uses) {
    const double held = use.assigned_h100e + use.unhealthy_h100e + use.MissingH100e();
    if (held > 0 && plan.FindPool(name) == nullptr) orphaned[name] = held;
  }
  return orphaned;
}

// What the pool can admit, should no orphaned chip be its own. It never offers chips that nobody
// has heard of.
std::optional<double> Headroom(const Pool& pool, const PoolUse& use, double coverage,
                               const Snapshot& snapshot) {
  if (coverage <= 0) return std::nullopt;
  const double left =
      pool.allocated_h100e - use.assigned_h100e - use.unhealthy_h100e - use.MissingH100e();
  if (use.KnownH100e() > 0) return left;
  // No source has named the pool: its chips may be among those that are declared and not known.
  const double missing = snapshot.supply_expected_h100e - snapshot.supply_known_h100e;
  return std::max(0.0, left - missing);
}

PoolView MakePool(const Pool& pool, const PoolUse& use, const Snapshot& snapshot) {
  const KnownThresholds& thresholds = snapshot.thresholds;
  PoolView view;
  view.pool = &pool;
  view.use = &use;
  const double expected = use.KnownH100e();
  // Chips of a pool that no source has named may be anywhere in the part that is not heard.
  view.coverage =
      expected > 0 ? use.heard_any_h100e / expected : snapshot.supply_coverage.value_or(0);
  view.headroom_h100e = Headroom(pool, use, view.coverage, snapshot);
  if (view.headroom_h100e) {
    view.uncertain_h100e = std::min(snapshot.OrphanedH100e(), std::max(0.0, *view.headroom_h100e));
    *view.headroom_h100e -= view.uncertain_h100e;
  }
  view.borrowed_h100e = std::max(0.0, use.assigned_h100e - pool.allocated_h100e);
  if (use.measured_h100e > 0) {
    view.busy_h100e = use.busy_h100e;
    view.idle_h100e = use.measured_h100e - use.busy_h100e;
  }
  if (use.productive_measured) view.productive_h100e = use.productive_h100e;
  if (use.assigned_h100e > 0) view.measured_ratio = use.measured_h100e / use.assigned_h100e;

  // Orphaned chips that may be the pool's are not heard as its own.
  const double possible = expected + view.uncertain_h100e;
  const double told = view.uncertain_h100e > 0 ? use.heard_any_h100e / possible : view.coverage;
  if (told < thresholds.coverage || told <= 0) return view;
  const double unmeasured = use.assigned_h100e - use.measured_h100e;
  view.unused_h100e =
      std::max(0.0, pool.allocated_h100e - use.unhealthy_h100e - use.MissingH100e() -
                        view.uncertain_h100e - use.busy_h100e - unmeasured);
  // The covered part of the allocation: silence of a few hosts must not look like idleness.
  const double covered = pool.allocated_h100e * view.coverage;
  if (covered > 0 && view.measured_ratio.value_or(1) >= thresholds.measured) {
    view.utilization = use.busy_h100e / covered;
  }
  return view;
}

// What it has borrowed if the chips that are not heard are still held.
double BorrowedAtMost(const PoolView& p) {
  return std::max(0.0, p.use->assigned_h100e + p.use->MissingH100e() - p.pool->allocated_h100e);
}

// What each pool may still borrow: lendable headroom of the others, within its own limit.
void FillBorrowable(std::vector<PoolView>& pools) {
  double lendable = 0;
  const auto lent_by = [](const PoolView& p) {
    return p.pool->policy.lendable_ratio * std::max(0.0, p.headroom_h100e.value_or(0));
  };
  for (const PoolView& p : pools) lendable += lent_by(p);
  for (PoolView& p : pools) {
    if (!p.headroom_h100e) continue;
    const double others = std::max(0.0, lendable - lent_by(p));
    const auto& limit = p.pool->policy.borrowing_limit_h100e;
    p.borrowable_h100e = limit ? std::clamp(*limit - BorrowedAtMost(p), 0.0, others) : others;
  }
}

KindsByPool KindsOf(const FleetFacts& facts) {
  KindsByPool kinds;
  for (const Cell& cell : facts.cells) {
    const bool any = cell.live.chips > 0 || cell.unheard > 0 || cell.unaccounted > 0;
    if (any) kinds[facts.names[cell.key.pool]].insert(facts.names[cell.key.chip]);
  }
  return kinds;
}

// By the rule that an ask is judged by: with little coverage it is not known what fits.
void FillServable(const PoolView& pool, const KnownThresholds& thresholds, PoolDemand& demand) {
  if (!pool.headroom_h100e || pool.coverage < thresholds.coverage) return;
  const double own = FitsInto(demand, *pool.headroom_h100e);
  demand.servable_h100e = own;
  if (!pool.borrowable_h100e) return;
  const double all = FitsInto(demand, *pool.headroom_h100e + *pool.borrowable_h100e);
  demand.servable_by_borrowing_h100e = std::max(0.0, all - own);
}

void FillDemand(const FleetFacts& facts, const ReferenceData& reference, Snapshot& snapshot) {
  if (facts.demand.empty()) return;
  auto demand = DemandByPool(facts.demand, *snapshot.plan, KindsOf(facts), reference.catalog,
                             facts.as_of_unix_nanos);
  for (PoolView& pool : snapshot.pools) {
    const auto found = demand.find(pool.pool->name);
    if (found == demand.end()) continue;
    pool.demand = std::move(found->second);
    FillServable(pool, snapshot.thresholds, *pool.demand);
  }
}

std::map<std::string, double> AllocatedSeconds(const FleetFacts& facts) {
  std::map<std::string, double> seconds;
  for (const AllocationTerm& term : facts.allocations) {
    for (const Grant& grant : term.grants) {
      seconds[grant.pool] += grant.h100e * static_cast<double>(term.nanos) / kNanosPerSecond;
    }
  }
  return seconds;
}

}  // namespace

absl::int128 SupplyView::HeardMicroChips() const {
  absl::int128 sum = 0;
  for (const absl::int128 n : micro_chips) sum += n;
  return sum;
}

absl::int128 SupplyView::KnownMicroChips() const {
  return HeardMicroChips() + unheard_micro_chips + unaccounted_micro_chips;
}

const PoolView* Snapshot::FindPool(const std::string& name) const {
  const auto it = std::find_if(pools.begin(), pools.end(),
                               [&](const PoolView& p) { return p.pool->name == name; });
  return it == pools.end() ? nullptr : &*it;
}

double Snapshot::OrphanedH100e() const {
  double sum = 0;
  for (const auto& [pool, h100e] : orphaned_h100e) sum += h100e;
  return sum;
}

std::shared_ptr<const Snapshot> MakeSnapshot(const FleetFacts& facts,
                                             std::shared_ptr<const ReferenceData> reference,
                                             const KnownThresholds& thresholds) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->plan = &reference->PlanAt(facts.as_of_unix_nanos);
  snapshot->as_of_unix_nanos = facts.as_of_unix_nanos;
  snapshot->thresholds = thresholds;
  snapshot->uses = UsesByPool(facts, reference->catalog);
  snapshot->supply = MakeSupply(facts, *reference, *snapshot->plan);
  FillSupplyCoverage(*snapshot);
  snapshot->orphaned_h100e = Orphaned(snapshot->uses, *snapshot->plan);
  for (const Pool& pool : snapshot->plan->pools) {
    PoolUse& use = snapshot->uses[pool.name];
    use.pool = pool.name;
    snapshot->pools.push_back(MakePool(pool, use, *snapshot));
  }
  FillBorrowable(snapshot->pools);
  FillDemand(facts, *reference, *snapshot);
  FillChipPrices(reference->catalog, *snapshot);
  snapshot->allocated_h100e_seconds = AllocatedSeconds(facts);
  snapshot->double_hosts = facts.double_hosts;
  snapshot->live_sources = facts.live_sources;
  snapshot->silent_sources = facts.silent_sources;
  snapshot->unaccounted_sources = facts.unaccounted_sources;
  snapshot->rejected_sources = facts.rejected_sources;
  snapshot->reference = std::move(reference);
  return snapshot;
}

std::shared_ptr<const Snapshot> TakeSnapshot(const Writer& writer) {
  LiveFacts live = writer.TakeFacts();
  return MakeSnapshot(live.fleet, std::move(live.reference), live.thresholds);
}

}  // namespace fleetmeter
