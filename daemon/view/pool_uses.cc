#include "daemon/view/pool_uses.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"

namespace fleetmeter {
namespace {

double H100eFromMicro(absl::int128 micro_chips, const Ratio& ratio) {
  return H100e(ChipsFromMicro(micro_chips), ratio);
}

double H100eSeconds(absl::int128 chip_nanos, const Ratio& ratio) {
  return H100e(static_cast<double>(chip_nanos) / kNanosPerSecond, ratio);
}

void AddUse(const Cell& cell, const Ratio& ratio, UseView& use) {
  use.assigned_micro_chips += cell.live.chips;
  use.unheard_micro_chips += cell.unheard + cell.unaccounted;
  use.assigned_h100e += H100eFromMicro(cell.live.chips, ratio);
  use.busy_h100e += H100eFromMicro(cell.live.busy, ratio);
  use.productive_h100e += H100eFromMicro(cell.live.productive, ratio);
  use.productive_measured |= cell.live.productive_measured > 0;
  use.measured = use.signal != kAllocatedOnly;
  use.idle_micro_chips += cell.live.idle;
  use.booked.chips += cell.booked.chips;
  use.booked.busy += cell.booked.busy;
  use.booked.productive += cell.booked.productive;
  use.booked_assigned_h100e_seconds += H100eSeconds(cell.booked.chips, ratio);
  use.booked_busy_h100e_seconds += H100eSeconds(cell.booked.busy, ratio);
  use.booked_productive_h100e_seconds += H100eSeconds(cell.booked.productive, ratio);
}

// The smallest whole-percent activity that at least `q` of the chips do not exceed.
std::optional<double> Quantile(const ActivityCounts& counts, double q) {
  absl::int128 total = 0;
  for (const absl::int128 n : counts) total += n;
  if (total == 0) return std::nullopt;
  const double wanted = q * static_cast<double>(total);
  absl::int128 seen = 0;
  for (size_t percent = 0; percent < counts.size(); ++percent) {
    seen += counts[percent];
    if (static_cast<double>(seen) >= wanted) return static_cast<double>(percent) / 100;
  }
  return 1;
}

// Cells folded into pools, by the names that readers use. There may be tens of thousands of cells
// and thousands of pools, so they are told apart by symbols, and by names once they are few.
class PoolUses {
 public:
  PoolUses(const FleetFacts& facts, const Catalog& catalog) : facts_(facts), catalog_(catalog) {
    for (const Cell& cell : facts.cells) {
      if (cell.key.pool != 0) Fold(cell);
    }
  }

  std::map<std::string, PoolUse> Finish() {
    for (const auto& [pool, activity] : facts_.activity) {
      ActivityView& view = folds_[pool].use.activity;
      view.p10 = Quantile(activity.live, 0.1);
      view.p50 = Quantile(activity.live, 0.5);
      view.p90 = Quantile(activity.live, 0.9);
      view.histogram = activity.histogram;
    }
    for (auto& [pool, fold] : folds_) FinishPool(fold);
    for (const auto& [holder, since] : facts_.idle_since_unix_nanos) {
      for (TeamView& team : folds_[holder.first].use.teams) {
        if (team.team == facts_.names[holder.second]) team.idle_since_unix_nanos = since;
      }
    }
    std::map<std::string, PoolUse> uses;
    for (auto& [pool, fold] : folds_) uses.emplace(facts_.names[pool], std::move(fold.use));
    return uses;
  }

 private:
  using Pair = std::pair<uint32_t, uint32_t>;
  struct PoolFold {
    PoolUse use;
    std::map<Pair, UseView> by_chip;  // and signal
    std::map<Pair, UseView> by_team;  // and signal
  };

  void Fold(const Cell& cell) {
    const Ratio& ratio = facts_.conversions[cell.key.conversion].chips_per_h100e;
    const double live = H100eFromMicro(cell.live.chips, ratio);
    const double unheard = H100eFromMicro(cell.unheard, ratio);
    const double unaccounted = H100eFromMicro(cell.unaccounted, ratio);
    PoolFold& fold = folds_[cell.key.pool];
    PoolUse& use = fold.use;
    if (use.pool.empty()) use.pool = facts_.names[cell.key.pool];
    use.heard_any_h100e += live;
    use.unheard_any_h100e += unheard;
    use.unaccounted_any_h100e += unaccounted;
    switch (cell.key.state) {
      case ChipState::kAssigned:
        FoldAssigned(cell, ratio, fold);
        use.unheard_h100e += unheard;
        use.unaccounted_h100e += unaccounted;
        break;
      case ChipState::kUnhealthy:
        use.unhealthy_h100e += live;
        use.unheard_h100e += unheard;
        use.unaccounted_h100e += unaccounted;
        break;
      case ChipState::kReserved:
        use.reserved_h100e += live;
        break;
      case ChipState::kUnassigned:
        break;
    }
  }

  void FoldAssigned(const Cell& cell, const Ratio& ratio, PoolFold& fold) {
    const std::string& signal = facts_.names[cell.key.signal];
    UseView& by_chip = fold.by_chip[{cell.key.chip, cell.key.signal}];
    if (by_chip.signal.empty()) {
      by_chip.chip = facts_.names[cell.key.chip];
      by_chip.signal = signal;
    }
    AddUse(cell, ratio, by_chip);
    UseView& by_team = fold.by_team[{cell.key.team, cell.key.signal}];
    if (by_team.signal.empty()) by_team.signal = signal;
    AddUse(cell, ratio, by_team);
    const std::optional<int64_t> price = PriceOf(cell.key.chip);
    by_team.idle_cost.Add(cell.live, price);

    PoolUse& use = fold.use;
    use.idle_cost.Add(cell.live, price);
    const double live = H100eFromMicro(cell.live.chips, ratio);
    use.assigned_h100e += live;
    if (signal != kAllocatedOnly) use.measured_h100e += live;
    use.busy_h100e += H100eFromMicro(cell.live.busy, ratio);
    use.productive_h100e += H100eFromMicro(cell.live.productive, ratio);
    use.productive_measured |= cell.live.productive_measured > 0;
    use.idle_chips += ChipsFromMicro(cell.live.idle);
  }

  // By names, as they are shown.
  void FinishPool(PoolFold& fold) const {
    for (auto& [key, view] : fold.by_chip) fold.use.uses.push_back(std::move(view));
    std::sort(fold.use.uses.begin(), fold.use.uses.end(), [](const UseView& a, const UseView& b) {
      return std::tie(a.chip, a.signal) < std::tie(b.chip, b.signal);
    });
    std::map<std::string, std::map<std::string, UseView>> by_team;
    for (auto& [key, view] : fold.by_team) {
      by_team[facts_.names[key.first]].emplace(view.signal, std::move(view));
    }
    for (auto& [team, by_signal] : by_team) fold.use.teams.push_back(Team(team, by_signal));
  }

  // Micro-dollars an hour; nothing: the catalog names no price of the kind, or not the kind.
  std::optional<int64_t> PriceOf(uint32_t chip) {
    const auto [price, is_new] = prices_.try_emplace(chip);
    if (is_new) {
      const ChipKind* kind = catalog_.Find(facts_.names[chip]);
      if (kind != nullptr) price->second = kind->micro_usd_per_chip_hour;
    }
    return price->second;
  }

  static TeamView Team(const std::string& name, std::map<std::string, UseView>& by_signal) {
    TeamView team;
    team.team = name;
    double measured = 0;
    double busy = 0;
    bool unheard = false;
    for (auto& [signal, use] : by_signal) {
      use.booked = {};  // kinds of chips do not add up
      unheard |= use.unheard_micro_chips > 0;
      team.assigned_h100e += use.assigned_h100e;
      if (use.measured) measured += use.assigned_h100e;
      busy += use.busy_h100e;
      team.idle_chips += ChipsFromMicro(use.idle_micro_chips);
      team.idle_cost.Add(use.idle_cost);
      team.by_signal.push_back(std::move(use));
    }
    team.heard = team.assigned_h100e > 0 || !unheard;
    if (measured > 0) {
      team.busy_h100e = busy;
      team.idle_h100e = measured - busy;
    }
    return team;
  }

  const FleetFacts& facts_;
  const Catalog& catalog_;
  std::unordered_map<uint32_t, PoolFold> folds_;
  std::unordered_map<uint32_t, std::optional<int64_t>> prices_;
};

}  // namespace

std::map<std::string, PoolUse> UsesByPool(const FleetFacts& facts, const Catalog& catalog) {
  return PoolUses(facts, catalog).Finish();
}

}  // namespace fleetmeter
