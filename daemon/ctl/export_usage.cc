#include "daemon/ctl/export_usage.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "daemon/base/units.h"
#include "daemon/ledger/read/read_allocations.h"
#include "daemon/ledger/read/read_usage.h"
#include "daemon/serve/metrics/fleet_metrics.h"
#include "daemon/serve/metrics/text_format.h"

namespace fleetmeter::ctl {
namespace {

constexpr double kNanos = 1e9;

struct Use {
  absl::int128 chip_nanos = 0;
  UsageAmounts h100e;  // H100e-nanoseconds

  Use& operator+=(const Use& other) {
    chip_nanos += other.chip_nanos;
    h100e += other.h100e;
    return *this;
  }
};

// Usage by pool, and there by (chip, signal) and by (team, signal).
struct PoolSums {
  std::map<std::pair<std::string, std::string>, Use> by_chip;
  std::map<std::pair<std::string, std::string>, Use> by_team;
};
using Sums = std::map<std::string, PoolSums>;

void Add(const Sums& more, Sums* sums) {
  for (const auto& [pool, uses] : more) {
    PoolSums& sum = (*sums)[pool];
    for (const auto& [key, use] : uses.by_chip) sum.by_chip[key] += use;
    for (const auto& [key, use] : uses.by_team) sum.by_team[key] += use;
  }
}

double Over(absl::int128 nanos, double seconds) {
  return static_cast<double>(nanos) / kNanos / seconds;
}

UseView Counted(const std::string& signal, const Use& use) {
  UseView view;
  view.signal = signal;
  view.measured = signal != kAllocatedOnly;
  view.booked.chips = use.chip_nanos;
  view.booked_assigned_h100e_seconds = Over(use.h100e.chips, 1);
  view.booked_busy_h100e_seconds = Over(use.h100e.busy, 1);
  view.booked_productive_h100e_seconds = Over(use.h100e.productive, 1);
  return view;
}

// On average over some seconds.
UseView Held(const std::string& signal, const Use& use, double seconds) {
  UseView view;
  view.signal = signal;
  view.measured = use.h100e.measured > 0;
  view.productive_measured = use.h100e.productive_measured > 0;
  view.assigned_micro_chips =
      static_cast<int64_t>(Over(use.chip_nanos, seconds) * kMicroChipsPerChip);
  view.assigned_h100e = Over(use.h100e.chips, seconds);
  view.busy_h100e = Over(use.h100e.busy, seconds);
  view.productive_h100e = Over(use.h100e.productive, seconds);
  return view;
}

// A snapshot with what `view(signal, use)` makes of each use.
template <class View>
Snapshot SnapshotOf(const Sums& sums, const View& view) {
  Snapshot snapshot;
  for (const auto& [pool, uses] : sums) {
    PoolUse& use = snapshot.uses[pool];
    use.pool = pool;
    for (const auto& [key, one] : uses.by_chip) {
      use.uses.push_back(view(key.second, one));
      use.uses.back().chip = key.first;
    }
    for (const auto& [key, one] : uses.by_team) {
      if (use.teams.empty() || use.teams.back().team != key.first) {
        use.teams.push_back({.team = key.first,
                             .busy_h100e = {},
                             .idle_h100e = {},
                             .idle_since_unix_nanos = {},
                             .by_signal = {}});
      }
      use.teams.back().by_signal.push_back(view(key.second, one));
      use.teams.back().assigned_h100e += use.teams.back().by_signal.back().assigned_h100e;
    }
  }
  return snapshot;
}

// The pools of the plan in force at a time, as the plan page of a ledger has them.
std::vector<Pool> PoolsAt(const PlanTerms& terms, int64_t time) {
  std::vector<Pool> pools;
  for (const PlanTerm& term : terms.terms) {
    if (time < term.from || time >= term.to) continue;
    for (const auto& [name, granted] : term.pools) {
      pools.push_back({.name = name,
                       .category = ParseCategory(granted.category).value_or(Category::kResearch),
                       .tier = ParseTier(granted.tier).value_or(Tier::kP2),
                       .owner = granted.owner,
                       .contact = "",
                       .teams = {},
                       .allocated_h100e = granted.h100e,
                       .policy = {}});
    }
  }
  return pools;
}

class UsageExport {
 public:
  UsageExport(Database& ledger, const ExportTimes& times, OpenMetricsHistory* history)
      : ledger_(ledger), times_(times), history_(*history) {}

  absl::Status Run() {
    auto terms = ReadPlanTerms(ledger_, 0, times_.to);
    if (!terms.ok()) return terms.status();
    terms_ = *std::move(terms);
    if (times_.from > 0) {
      auto before = Read(0, times_.from, times_.from);
      if (!before.ok()) return before.status();
      Add(before->front(), &total_);
      Grant(0, times_.from);
    }
    AddCounters(times_.from);
    // Days are read whole: each question costs.
    const int64_t chunk = std::max(times_.step, kSecondsPerDay);
    for (int64_t at = times_.from; at < times_.to; at += chunk) {
      const auto steps = Read(at, std::min(at + chunk, times_.to), times_.step);
      if (!steps.ok()) return steps.status();
      for (size_t i = 0; i < steps->size(); ++i) {
        Step((*steps)[i], at + static_cast<int64_t>(i) * times_.step);
      }
    }
    return absl::OkStatus();
  }

 private:
  // The usage of each step of a span.
  absl::StatusOr<std::vector<Sums>> Read(int64_t from, int64_t to, int64_t step) {
    UsageQuestion question{
        from, to, {UsageKey::kPool, UsageKey::kTeam, UsageKey::kChip, UsageKey::kSignal}};
    const bool by_hour = to - from > step;
    if (by_hour) question.by.push_back(UsageKey::kHour);
    const auto answer = ReadUsageWithin(ledger_, question);
    if (!answer.ok()) return answer.status();
    std::vector<Sums> steps(static_cast<size_t>((to - from + step - 1) / step));
    for (const UsageRow& row : answer->rows) {
      size_t index = 0;
      if (by_hour) {
        const int64_t hour = ParseTime(row.keys[4]).value_or(0) / kNanosPerSecond;
        index = static_cast<size_t>((hour - from) / step);
      }
      const Use use{.chip_nanos = row.chips.chips, .h100e = row.h100e};
      PoolSums& sums = steps[index][row.keys[0]];
      sums.by_chip[{row.keys[2], row.keys[3]}] += use;
      sums.by_team[{row.keys[1], row.keys[3]}] += use;
    }
    return steps;
  }

  void Step(const Sums& used, int64_t from) {
    Add(used, &total_);
    Grant(from, from + times_.step);
    AddCounters(from + times_.step);
    AddAverages(used, from);
  }

  void Grant(int64_t from, int64_t to) {
    for (const PlanTerm& term : terms_.terms) {
      const int64_t seconds = std::min(to, term.to) - std::max(from, term.from);
      if (seconds <= 0) continue;
      for (const auto& [pool, granted] : term.pools) {
        granted_[pool] += granted.h100e * static_cast<double>(seconds);
      }
    }
  }

  void AddCounters(int64_t time) {
    Snapshot snapshot = SnapshotOf(total_, Counted);
    snapshot.allocated_h100e_seconds = granted_;
    std::string page;
    TextWriter writer(page);
    WriteGroup(kBookMetrics, snapshot, writer);
    history_.AddPage(time, page);
  }

  void AddAverages(const Sums& used, int64_t from) {
    const std::vector<Pool> pools = PoolsAt(terms_, from);
    const auto seconds = static_cast<double>(times_.step);
    Snapshot snapshot = SnapshotOf(used, [&](const std::string& signal, const Use& use) {
      return Held(signal, use, seconds);
    });
    for (const Pool& pool : pools) {
      PoolView& view = snapshot.pools.emplace_back();
      view.pool = &pool;
      view.use = &snapshot.uses[pool.name];
    }
    std::string page;
    WriteFamilies(kPoolMetrics,
                  {"fleetmeter_pool_info", "fleetmeter_pool_allocated_h100e",
                   "fleetmeter_pool_assigned_h100e", "fleetmeter_pool_busy_h100e",
                   "fleetmeter_pool_productive_h100e"},
                  snapshot, &page);
    WriteFamilies(kTeamMetrics, {"fleetmeter_team_assigned_h100e", "fleetmeter_team_busy_h100e"},
                  snapshot, &page);
    history_.AddPage(from + times_.step, page);
  }

  Database& ledger_;
  const ExportTimes times_;
  OpenMetricsHistory& history_;
  PlanTerms terms_;
  Sums total_;                             // since the books began
  std::map<std::string, double> granted_;  // H100e-seconds by pool, likewise
};

}  // namespace

absl::Status ExportUsage(Database& ledger, const ExportTimes& times, OpenMetricsHistory* history) {
  return UsageExport(ledger, times, history).Run();
}

}  // namespace fleetmeter::ctl
