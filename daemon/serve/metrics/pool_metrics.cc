#include <map>
#include <optional>
#include <string>

#include "daemon/serve/metrics/fleet_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;

double Chips(absl::int128 micro_chips) {
  return static_cast<double>(micro_chips) / kMicroChipsPerChip;
}

// A series for each pool of the plan: what `value`, a function or a member, gives of its PoolView.
template <auto value>
void EachPool(const Snapshot& snapshot, SeriesWriter& out) {
  for (const PoolView& view : snapshot.pools) {
    out.Sample({view.pool->name}, std::invoke(value, view));
  }
}

// A series for each pool of the plan, kind of chip and signal, of chips whose `known` is true.
template <bool UseView::* known, double UseView::* value>
void EachSignal(const Snapshot& snapshot, SeriesWriter& out) {
  for (const PoolView& view : snapshot.pools) {
    for (const UseView& use : view.use->uses) {
      if (!(use.*known) || use.assigned_micro_chips == 0) continue;
      out.Sample({view.pool->name, use.chip, use.signal}, use.*value);
    }
  }
}

void WriteInfo(const Snapshot& snapshot, SeriesWriter& out) {
  for (const PoolView& view : snapshot.pools) {
    const Pool& pool = *view.pool;
    out.Sample({pool.name, Name(pool.category), Name(pool.tier), pool.owner, pool.contact}, 1);
  }
}

// Whether a pool without chips is known to hold none: then it holds 0, otherwise we do not know.
bool HoldsNothing(const PoolView& view) {
  return view.use->uses.empty() && view.coverage > 0 && view.uncertain_h100e == 0;
}

void WriteAssigned(const Snapshot& snapshot, SeriesWriter& out) {
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
      if (value.second) out.Sample({view.pool->name, chip}, value.first);
    }
  }
}

void WriteOrphaned(const Snapshot& snapshot, SeriesWriter& out) {
  for (const auto& [pool, h100e] : snapshot.orphaned_h100e) out.Sample({pool}, h100e);
}

void WritePercentiles(const Snapshot& snapshot, SeriesWriter& out) {
  for (const PoolView& view : snapshot.pools) {
    const ActivityView& activity = view.use->activity;
    out.Sample({view.pool->name, "p10"}, activity.p10);
    out.Sample({view.pool->name, "p50"}, activity.p50);
    out.Sample({view.pool->name, "p90"}, activity.p90);
  }
}

void WriteActivity(const Snapshot& snapshot, SeriesWriter& out) {
  for (const auto& [pool, use] : snapshot.uses) {
    const ActivityHistogram& histogram = use.activity.histogram;
    if (histogram.count == 0) continue;
    const std::string_view labels[] = {pool};
    out.Histogram(labels, {.bounds = kActivityBounds,
                           .cumulative = histogram.cumulative,
                           .count = histogram.count,
                           .sum = static_cast<double>(histogram.sum_micro) / 1e6});
  }
}

void WriteIdleChips(const Snapshot& snapshot, SeriesWriter& out) {
  for (const PoolView& view : snapshot.pools) {
    std::map<std::string, absl::int128> by_chip;
    for (const UseView& use : view.use->uses) {
      if (use.measured && use.assigned_micro_chips > 0) by_chip[use.chip] += use.idle_micro_chips;
    }
    for (const auto& [chip, idle] : by_chip) out.Sample({view.pool->name, chip}, Chips(idle));
  }
}

constexpr Family<Snapshot> kPoolFamilies[] = {
    {{"fleetmeter_pool_info",
      kGauge,
      {"pool", "category", "tier", "owner", "contact"},
      "The value is 1 for each pool of the plan in force. The labels say what the plan says of "
      "it."},
     WriteInfo},
    {{"fleetmeter_pool_allocated_h100e",
      kGauge,
      {"pool"},
      "The plan in force grants the pool this many H100e."},
     EachPool<[](const PoolView& view) { return view.pool->allocated_h100e; }>},
    {{"fleetmeter_pool_assigned_h100e",
      kGauge,
      {"pool", "chip"},
      "Workloads of the pool hold this many H100e of the kind of chip, as live sources report. The "
      "value is 0 for every declared kind when the pool is known to hold nothing. The series is "
      "absent when only silent sources could say."},
     WriteAssigned},
    {{"fleetmeter_pool_busy_h100e",
      kGauge,
      {"pool", "chip", "signal"},
      "Busy is assigned x measured activity, in H100e, by the signal that measures the activity. "
      "The series is absent where no signal measures it."},
     EachSignal<&UseView::measured, &UseView::busy_h100e>},
    {{"fleetmeter_pool_productive_h100e",
      kGauge,
      {"pool", "chip", "signal"},
      "Productive is assigned x the productive part of the time, in H100e. A source may measure "
      "that part as tensor activity, MFU or goodput. The series is absent where no source measures "
      "it."},
     EachSignal<&UseView::productive_measured, &UseView::productive_h100e>},
    {{"fleetmeter_pool_idle_h100e",
      kGauge,
      {"pool"},
      "Idle is measured - busy, in H100e, where measured is the assigned part whose activity a "
      "signal measures. The series is absent while nothing is measured."},
     EachPool<&PoolView::idle_h100e>},
    {{"fleetmeter_pool_unhealthy_h100e",
      kGauge,
      {"pool"},
      "Live sources report this many H100e as broken or drained chips that are set aside for the "
      "pool."},
     EachPool<[](const PoolView& view) { return view.use->unhealthy_h100e; }>},
    {{"fleetmeter_pool_reserved_h100e",
      kGauge,
      {"pool"},
      "Live sources report this many H100e as chips that are withheld for the pool."},
     EachPool<[](const PoolView& view) { return view.use->reserved_h100e; }>},
    {{"fleetmeter_pool_unheard_h100e",
      kGauge,
      {"pool"},
      "Silent sources last reported this many H100e as assigned to the pool or as unhealthy. Such "
      "chips are not free, and nobody knows whether they are busy."},
     EachPool<[](const PoolView& view) { return view.use->unheard_h100e; }>},
    {{"fleetmeter_pool_unaccounted_h100e",
      kGauge,
      {"pool"},
      "Once this many H100e were reported as assigned to the pool or as unhealthy, and nobody has "
      "said what became of them: their source is silent for longer than live.forget_after, its "
      "reports are rejected, or it stopped listing them. They are not free."},
     EachPool<[](const PoolView& view) { return view.use->unaccounted_h100e; }>},
    {{"fleetmeter_pool_headroom_h100e",
      kGauge,
      {"pool"},
      "Headroom is allocated - assigned - unhealthy - unheard - unaccounted - uncertain, in "
      "H100e, where uncertain is fleetmeter_pool_headroom_uncertain_h100e. It is negative when the "
      "pool holds more than its allocation. Chips that are not heard are taken "
      "away because workloads may still hold them. For a pool that no source has named, chips that "
      "the plan declares and "
      "no source has reported are taken away too, down to 0. The series is absent while the "
      "coverage of the pool is 0."},
     EachPool<&PoolView::headroom_h100e>},
    {{"fleetmeter_pool_headroom_uncertain_h100e",
      kGauge,
      {"pool"},
      "This many H100e of the headroom cannot be told, and are taken away from it: min(orphaned, "
      "max(0, headroom)), where orphaned is the sum of fleetmeter_orphaned_h100e. The orphaned "
      "chips may belong to any pool, so the sum over pools means nothing."},
     EachPool<[](const PoolView& view) { return view.uncertain_h100e; }>},
    {{"fleetmeter_orphaned_h100e",
      kGauge,
      {"pool"},
      "Sources hold this many H100e under a pool that the plan in force does not know: assigned, "
      "unhealthy, unheard or unaccounted. The series is absent for pools without such chips."},
     WriteOrphaned},
    {{"fleetmeter_pool_borrowed_h100e",
      kGauge,
      {"pool"},
      "Borrowed is max(0, assigned - allocated), in H100e."},
     EachPool<&PoolView::borrowed_h100e>},
    {{"fleetmeter_pool_borrowable_h100e",
      kGauge,
      {"pool"},
      "The pool may still borrow this many H100e. Each other pool lends max(0, headroom) x the "
      "share that its policy lends, and the sum of that can be borrowed. If the pool has a "
      "borrowing limit, it can borrow at most max(0, limit - max(0, assigned + unheard + "
      "unaccounted - allocated)). The series is absent while the headroom of the pool is not "
      "known, and a pool "
      "whose headroom is not known lends nothing."},
     EachPool<&PoolView::borrowable_h100e>},
    {{"fleetmeter_pool_unused_h100e",
      kGauge,
      {"pool"},
      "Unused is max(0, allocated - unhealthy - unheard - unaccounted - uncertain - busy - "
      "unmeasured), in H100e, where unmeasured is the assigned part that no signal measures. It "
      "counts only what "
      "is seen not to "
      "be used, so it may be reclaimed. The series is absent while the coverage of the pool is "
      "below live.coverage_threshold."},
     EachPool<&PoolView::unused_h100e>},
    {{"fleetmeter_pool_coverage_ratio",
      kGauge,
      {"pool"},
      "Coverage of the pool is heard H100e / known H100e, of the chips that sources name for the "
      "pool, in any state. Heard are the chips of live sources. Known are those and the chips "
      "that are unheard or unaccounted. A pool that no source has named has the coverage of the "
      "supply."},
     EachPool<&PoolView::coverage>},
    {{"fleetmeter_pool_measured_ratio",
      kGauge,
      {"pool"},
      "This part of the assigned H100e has a measured activity. The series is absent while nothing "
      "is assigned."},
     EachPool<&PoolView::measured_ratio>},
    {{"fleetmeter_pool_utilization_ratio",
      kGauge,
      {"pool"},
      "Utilization is busy / (allocated x coverage). It relates what is heard to the part of the "
      "allocation that is heard, so it does not move when sources fall silent. It is 0 when the "
      "pool is known to hold nothing. The series is absent while the coverage is below "
      "live.coverage_threshold or the measured part below live.measured_threshold, and for a pool "
      "without an allocation."},
     EachPool<&PoolView::utilization>},
    {{"fleetmeter_pool_chip_activity_ratio",
      kGauge,
      {"pool", "percentile"},
      "Of the chips of the pool, 10%, 50% or 90% have at most this activity; the percentile is "
      "p10, p50 or p90. The value is a whole percent. The series is absent where no live source "
      "reports single chips."},
     WritePercentiles},
    {{"fleetmeter_pool_chip_activity",
      kHistogram,
      {"pool"},
      "Each chip of the pool gives one observation of its activity, from 0 to 1, for each reported "
      "window. The histogram counts since the books began, without history. The series are absent "
      "until a source "
      "reports single chips."},
     WriteActivity},
    {{"fleetmeter_pool_idle_chips",
      kGauge,
      {"pool", "chip"},
      "This many assigned chips have an activity below live.idle_below. The series is absent where "
      "no activity is measured."},
     WriteIdleChips},
};

}  // namespace

constexpr MetricGroup<Snapshot> kPoolMetrics = {
    "Pools",
    "These families show the pools of the plan in force: what the plan grants them, and what live "
    "sources report now.",
    kPoolFamilies,
};

}  // namespace fleetmeter
