#include "daemon/serve/metrics/fleet_families.h"

#include <functional>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/serve/metrics/plan_families.h"

namespace fleetmeter {
namespace {

double Seconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }
double Chips(int64_t micro_chips) { return static_cast<double>(micro_chips) / kMicroChipsPerChip; }
double ChipSeconds(absl::int128 chip_nanos) {
  return static_cast<double>(chip_nanos) / kNanosPerSecond;
}

void WriteSupply(const Snapshot& snapshot, TextWriter& out) {
  const auto each_state = [&](bool in_h100e) {
    for (const SupplyView& row : snapshot.supply) {
      const double per_chip = in_h100e ? 1 / row.chips_per_h100e : 1;
      for (const ChipState state : kChipStates) {
        out.Sample({{"provider", row.provider}, {"chip", row.chip}, {"state", Name(state)}},
                   Chips(row.micro_chips[static_cast<size_t>(state)]) * per_chip);
      }
      out.Sample({{"provider", row.provider}, {"chip", row.chip}, {"state", "unheard"}},
                 Chips(row.unheard_micro_chips) * per_chip);
    }
  };
  out.Family("fleetmeter_supply_chips", "gauge",
             "Chips by state, from live sources; unheard is what silent sources held when last "
             "heard.");
  each_state(false);
  out.Family("fleetmeter_supply_h100e", "gauge",
             "Chips by state in H100-equivalents at the general ratio of the chip.");
  each_state(true);
  out.Family("fleetmeter_supply_declared_chips", "gauge", "Chips that the plan in force declares.");
  for (const SupplyView& row : snapshot.supply) {
    out.Sample({{"provider", row.provider}, {"chip", row.chip}},
               static_cast<double>(row.declared_chips));
  }
  out.Family("fleetmeter_supply_coverage_ratio", "gauge",
             "H100e heard from recently over H100e expected.");
  if (snapshot.supply_coverage) out.Sample({}, *snapshot.supply_coverage);
  out.Family("fleetmeter_sources", "gauge", "Sources by state: live, silent.");
  out.Sample({{"state", "live"}}, static_cast<double>(snapshot.live_sources));
  out.Sample({{"state", "silent"}}, static_cast<double>(snapshot.silent_sources));
}

// One gauge for each pool of the plan; a value that is not known gives no sample.
void WritePoolGauge(const Snapshot& snapshot, TextWriter& out, std::string_view name,
                    std::string_view help,
                    const std::function<std::optional<double>(const PoolView&)>& value) {
  out.Family(name, "gauge", help);
  for (const PoolView& view : snapshot.pools) {
    if (const auto v = value(view)) out.Sample({{"pool", view.pool->name}}, *v);
  }
}

void WritePoolPlan(const Snapshot& snapshot, TextWriter& out) {
  out.Family("fleetmeter_pool_info", "gauge", "1 for each pool of the plan in force.");
  for (const PoolView& view : snapshot.pools) {
    const Pool& pool = *view.pool;
    out.Sample({{"pool", pool.name},
                {"category", Name(pool.category)},
                {"tier", Name(pool.tier)},
                {"owner", pool.owner},
                {"contact", pool.contact}},
               1);
  }
  WritePoolGauge(snapshot, out, "fleetmeter_pool_allocated_h100e", "What the plan grants.",
                 [](const PoolView& v) { return v.pool->allocated_h100e; });
}

// Whether a pool without chips is known to hold none: then it holds 0, otherwise we do not know.
bool HoldsNothing(const PoolView& view) { return view.use->uses.empty() && view.coverage > 0; }

void WriteAssigned(const Snapshot& snapshot, TextWriter& out) {
  out.Family("fleetmeter_pool_assigned_h100e", "gauge",
             "Held by the workloads of the pool, from live sources.");
  for (const PoolView& view : snapshot.pools) {
    std::map<std::string, std::pair<double, bool>> by_chip;  // H100e, and whether it is known
    for (const UseView& use : view.use->uses) {
      auto& [h100e, known] = by_chip[use.chip];
      h100e += use.assigned_h100e;
      known |= use.assigned_micro_chips > 0 || use.unheard_micro_chips == 0;
    }
    if (HoldsNothing(view)) {
      for (const DeclaredSupply& declared : snapshot.plan->supply) {
        by_chip[declared.chip] = {0, true};
      }
    }
    for (const auto& [chip, value] : by_chip) {
      if (value.second) out.Sample({{"pool", view.pool->name}, {"chip", chip}}, value.first);
    }
  }
}

void WriteByChipAndSignal(const Snapshot& snapshot, TextWriter& out, std::string_view name,
                          std::string_view help, bool UseView::* known, double UseView::* value) {
  out.Family(name, "gauge", help);
  for (const PoolView& view : snapshot.pools) {
    for (const UseView& use : view.use->uses) {
      if (!(use.*known) || use.assigned_micro_chips == 0) continue;
      out.Sample({{"pool", view.pool->name}, {"chip", use.chip}, {"signal", use.signal}},
                 use.*value);
    }
  }
}

void WritePoolUse(const Snapshot& snapshot, TextWriter& out) {
  WriteAssigned(snapshot, out);
  WriteByChipAndSignal(snapshot, out, "fleetmeter_pool_busy_h100e",
                       "Assigned x measured activity, by the signal that measured it.",
                       &UseView::measured, &UseView::busy_h100e);
  WriteByChipAndSignal(snapshot, out, "fleetmeter_pool_productive_h100e",
                       "Productive part, where a source measures it.",
                       &UseView::productive_measured, &UseView::productive_h100e);
  WritePoolGauge(snapshot, out, "fleetmeter_pool_idle_h100e", "Assigned and measured, less busy.",
                 [](const PoolView& v) { return v.idle_h100e; });
  WritePoolGauge(snapshot, out, "fleetmeter_pool_unhealthy_h100e",
                 "Broken or drained chips set aside for the pool.",
                 [](const PoolView& v) { return v.use->unhealthy_h100e; });
  WritePoolGauge(snapshot, out, "fleetmeter_pool_reserved_h100e",
                 "Withheld chips set aside for the pool.",
                 [](const PoolView& v) { return v.use->reserved_h100e; });
  WritePoolGauge(snapshot, out, "fleetmeter_pool_unheard_h100e",
                 "Assigned or unhealthy chips of silent sources when last heard.",
                 [](const PoolView& v) { return v.use->unheard_h100e; });
}

void WritePoolAnswers(const Snapshot& snapshot, TextWriter& out) {
  WritePoolGauge(snapshot, out, "fleetmeter_pool_headroom_h100e",
                 "allocated - assigned - unhealthy - unheard.",
                 [](const PoolView& v) { return v.headroom_h100e; });
  WritePoolGauge(snapshot, out, "fleetmeter_pool_borrowed_h100e", "max(0, assigned - allocated).",
                 [](const PoolView& v) { return v.borrowed_h100e; });
  WritePoolGauge(snapshot, out, "fleetmeter_pool_borrowable_h100e",
                 "What the pool may still borrow from the lendable headroom of others.",
                 [](const PoolView& v) { return v.borrowable_h100e; });
  WritePoolGauge(snapshot, out, "fleetmeter_pool_unused_h100e", "Granted, and seen not to be used.",
                 [](const PoolView& v) { return v.unused_h100e; });
  WritePoolGauge(snapshot, out, "fleetmeter_pool_coverage_ratio",
                 "Chips heard from recently over chips expected, in H100e.",
                 [](const PoolView& v) { return v.coverage; });
  WritePoolGauge(snapshot, out, "fleetmeter_pool_measured_ratio",
                 "Part of assigned H100e whose activity is measured.",
                 [](const PoolView& v) { return v.measured_ratio; });
  WritePoolGauge(snapshot, out, "fleetmeter_pool_utilization_ratio",
                 "busy / (allocated x coverage); absent while too little is known.",
                 [](const PoolView& v) { return v.utilization; });
}

void WriteActivity(const Snapshot& snapshot, TextWriter& out) {
  out.Family("fleetmeter_pool_chip_activity_ratio", "gauge",
             "Percentiles of the activity of the chips of the pool, p10, p50 and p90.");
  for (const PoolView& view : snapshot.pools) {
    const ActivityView& activity = view.use->activity;
    const std::pair<const char*, std::optional<double>> percentiles[] = {
        {"p10", activity.p10}, {"p50", activity.p50}, {"p90", activity.p90}};
    for (const auto& [percentile, value] : percentiles) {
      if (value) out.Sample({{"pool", view.pool->name}, {"percentile", percentile}}, *value);
    }
  }
  out.Family("fleetmeter_pool_chip_activity", "histogram",
             "Activity of chips, one observation a chip a window.");
  for (const auto& [pool, use] : snapshot.uses) {
    const ActivityHistogram& histogram = use.activity.histogram;
    if (histogram.count == 0) continue;
    for (size_t i = 0; i < kActivityBounds.size(); ++i) {
      std::string bound;
      AppendNumber(bound, kActivityBounds[i]);
      out.Sample("_bucket", {{"pool", pool}, {"le", bound}},
                 static_cast<double>(histogram.cumulative[i]));
    }
    out.Sample("_bucket", {{"pool", pool}, {"le", "+Inf"}}, static_cast<double>(histogram.count));
    out.Sample("_sum", {{"pool", pool}}, static_cast<double>(histogram.sum_micro) / 1e6);
    out.Sample("_count", {{"pool", pool}}, static_cast<double>(histogram.count));
  }
  out.Family("fleetmeter_pool_idle_chips", "gauge",
             "Assigned chips whose activity is below the idle threshold.");
  for (const PoolView& view : snapshot.pools) {
    std::map<std::string, int64_t> by_chip;
    for (const UseView& use : view.use->uses) {
      if (use.measured && use.assigned_micro_chips > 0) by_chip[use.chip] += use.idle_micro_chips;
    }
    for (const auto& [chip, idle] : by_chip) {
      out.Sample({{"pool", view.pool->name}, {"chip", chip}}, Chips(idle));
    }
  }
}

void WriteTeamGauge(const Snapshot& snapshot, TextWriter& out, std::string_view name,
                    std::string_view help,
                    const std::function<std::optional<double>(const TeamView&)>& value) {
  out.Family(name, "gauge", help);
  for (const auto& [pool, use] : snapshot.uses) {
    for (const TeamView& team : use.teams) {
      if (const auto v = value(team)) out.Sample({{"pool", pool}, {"team", team.team}}, *v);
    }
  }
}

void WriteTeams(const Snapshot& snapshot, TextWriter& out) {
  WriteTeamGauge(snapshot, out, "fleetmeter_team_assigned_h100e",
                 "Held by workloads of the team, from live sources.",
                 [](const TeamView& t) -> std::optional<double> {
                   if (!t.heard) return std::nullopt;
                   return t.assigned_h100e;
                 });
  out.Family("fleetmeter_team_busy_h100e", "gauge", "Assigned x measured activity.");
  for (const auto& [pool, use] : snapshot.uses) {
    for (const TeamView& team : use.teams) {
      for (const UseView& by_signal : team.by_signal) {
        if (!by_signal.measured || by_signal.assigned_micro_chips == 0) continue;
        out.Sample({{"pool", pool}, {"team", team.team}, {"signal", by_signal.signal}},
                   by_signal.busy_h100e);
      }
    }
  }
  WriteTeamGauge(snapshot, out, "fleetmeter_team_idle_h100e", "Assigned and measured, less busy.",
                 [](const TeamView& t) { return t.idle_h100e; });
  WriteTeamGauge(snapshot, out, "fleetmeter_team_idle_chips",
                 "Assigned chips whose activity is below the idle threshold.",
                 [](const TeamView& t) -> std::optional<double> {
                   if (!t.busy_h100e) return std::nullopt;
                   return t.idle_chips;
                 });
  WriteTeamGauge(snapshot, out, "fleetmeter_team_idle_since_timestamp_seconds",
                 "Since when the team has held an idle chip without a break.",
                 [](const TeamView& t) -> std::optional<double> {
                   if (!t.idle_since_unix_nanos) return std::nullopt;
                   return Seconds(*t.idle_since_unix_nanos);
                 });
}

// A counter of every pool and chip, summed over signals.
void WriteBookedByChip(const Snapshot& snapshot, TextWriter& out, std::string_view name,
                       std::string_view help, const std::function<double(const UseView&)>& value) {
  out.Family(name, "counter", help);
  for (const auto& [pool, use] : snapshot.uses) {
    std::map<std::string, double> by_chip;
    for (const UseView& view : use.uses) by_chip[view.chip] += value(view);
    for (const auto& [chip, sum] : by_chip) out.Sample({{"pool", pool}, {"chip", chip}}, sum);
  }
}

void WriteBookedBySignal(const Snapshot& snapshot, TextWriter& out, std::string_view what,
                         std::string_view help, double UseView::* value) {
  const auto counted = [&](const UseView& use) { return use.measured && use.*value > 0; };
  out.Family("fleetmeter_pool_" + std::string(what) + "_h100e_seconds_total", "counter", help);
  for (const auto& [pool, use] : snapshot.uses) {
    for (const UseView& view : use.uses) {
      if (!counted(view)) continue;
      out.Sample({{"pool", pool}, {"chip", view.chip}, {"signal", view.signal}}, view.*value);
    }
  }
  out.Family("fleetmeter_team_" + std::string(what) + "_h100e_seconds_total", "counter",
             std::string(help) + " By team.");
  for (const auto& [pool, use] : snapshot.uses) {
    for (const TeamView& team : use.teams) {
      for (const UseView& view : team.by_signal) {
        if (!counted(view)) continue;
        out.Sample({{"pool", pool}, {"team", team.team}, {"signal", view.signal}}, view.*value);
      }
    }
  }
}

void WriteBooks(const Snapshot& snapshot, TextWriter& out) {
  out.Family("fleetmeter_pool_allocated_h100e_seconds_total", "counter",
             "Allocation integrated over the time it was in force.");
  for (const auto& [pool, seconds] : snapshot.allocated_h100e_seconds) {
    out.Sample({{"pool", pool}}, seconds);
  }
  WriteBookedByChip(snapshot, out, "fleetmeter_pool_assigned_h100e_seconds_total",
                    "Assigned H100e integrated over reported time.",
                    [](const UseView& v) { return v.booked_assigned_h100e_seconds; });
  WriteBookedByChip(snapshot, out, "fleetmeter_pool_assigned_chip_seconds_total",
                    "Assigned chips integrated over reported time.",
                    [](const UseView& v) { return ChipSeconds(v.booked.chips); });
  out.Family("fleetmeter_team_assigned_h100e_seconds_total", "counter",
             "Assigned H100e integrated over reported time. By team.");
  for (const auto& [pool, use] : snapshot.uses) {
    for (const TeamView& team : use.teams) {
      double sum = 0;
      for (const UseView& view : team.by_signal) sum += view.booked_assigned_h100e_seconds;
      out.Sample({{"pool", pool}, {"team", team.team}}, sum);
    }
  }
  WriteBookedBySignal(snapshot, out, "busy", "Busy H100e integrated over reported time.",
                      &UseView::booked_busy_h100e_seconds);
  WriteBookedBySignal(snapshot, out, "productive",
                      "Productive H100e integrated over reported time.",
                      &UseView::booked_productive_h100e_seconds);
}

}  // namespace

void WriteFleetFamilies(const Snapshot& snapshot, TextWriter& out) {
  WriteSupply(snapshot, out);
  WritePlanFamilies(snapshot, ComparePlan(snapshot), out);
  WritePoolPlan(snapshot, out);
  WritePoolUse(snapshot, out);
  WritePoolAnswers(snapshot, out);
  WriteActivity(snapshot, out);
  WriteTeams(snapshot, out);
  WriteBooks(snapshot, out);
}

}  // namespace fleetmeter
