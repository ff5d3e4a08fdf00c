#include <map>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/serve/metrics/fleet_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;

double ChipSeconds(const UseView& use) {
  return static_cast<double>(use.booked.chips) / kNanosPerSecond;
}

void WriteAllocated(const Snapshot& snapshot, SeriesWriter& out) {
  for (const auto& [pool, seconds] : snapshot.allocated_h100e_seconds) out.Sample({pool}, seconds);
}

// A series for each pool and kind of chip: what `value` gives of its UseViews, summed over signals.
template <auto value>
void EachChip(const Snapshot& snapshot, SeriesWriter& out) {
  for (const auto& [pool, use] : snapshot.uses) {
    std::map<std::string, double> by_chip;
    for (const UseView& view : use.uses) by_chip[view.chip] += std::invoke(value, view);
    for (const auto& [chip, sum] : by_chip) out.Sample({pool, chip}, sum);
  }
}

void WriteTeamAssigned(const Snapshot& snapshot, SeriesWriter& out) {
  for (const auto& [pool, use] : snapshot.uses) {
    for (const TeamView& team : use.teams) {
      double sum = 0;
      for (const UseView& view : team.by_signal) sum += view.booked_assigned_h100e_seconds;
      out.Sample({pool, team.team}, sum);
    }
  }
}

template <double UseView::* value>
void EachChipAndSignal(const Snapshot& snapshot, SeriesWriter& out) {
  for (const auto& [pool, use] : snapshot.uses) {
    for (const UseView& view : use.uses) {
      if (view.measured && view.*value > 0) {
        out.Sample({pool, view.chip, view.signal}, view.*value);
      }
    }
  }
}

template <double UseView::* value>
void EachTeamAndSignal(const Snapshot& snapshot, SeriesWriter& out) {
  for (const auto& [pool, use] : snapshot.uses) {
    for (const TeamView& team : use.teams) {
      for (const UseView& view : team.by_signal) {
        if (view.measured && view.*value > 0) {
          out.Sample({pool, team.team, view.signal}, view.*value);
        }
      }
    }
  }
}

constexpr Family<Snapshot> kBookFamilies[] = {
    {{"fleetmeter_pool_allocated_h100e_seconds_total",
      kCounter,
      {"pool"},
      "The allocation of the pool has added up to this many H100e-seconds: each allocation times "
      "the time that it was in force."},
     WriteAllocated},
    {{"fleetmeter_pool_assigned_h100e_seconds_total",
      kCounter,
      {"pool", "chip"},
      "Workloads of the pool have held this many H100e-seconds of the kind of chip. History is not "
      "included."},
     EachChip<&UseView::booked_assigned_h100e_seconds>},
    {{"fleetmeter_pool_busy_h100e_seconds_total",
      kCounter,
      {"pool", "chip", "signal"},
      "Chips of the pool have been busy for this many H100e-seconds, by the signal that measured "
      "it. The series is absent until it is more than 0. History is not included."},
     EachChipAndSignal<&UseView::booked_busy_h100e_seconds>},
    {{"fleetmeter_pool_productive_h100e_seconds_total",
      kCounter,
      {"pool", "chip", "signal"},
      "Chips of the pool have been productive for this many H100e-seconds, by the signal that "
      "measured their activity. The series is absent until it is more than 0. History is not "
      "included."},
     EachChipAndSignal<&UseView::booked_productive_h100e_seconds>},
    {{"fleetmeter_pool_assigned_chip_seconds_total",
      kCounter,
      {"pool", "chip"},
      "Workloads of the pool have held this many chip-seconds of the kind of chip. History is not "
      "included."},
     EachChip<ChipSeconds>},
    {{"fleetmeter_team_assigned_h100e_seconds_total",
      kCounter,
      {"pool", "team"},
      "Workloads of the team have held this many H100e-seconds of the pool. History is not "
      "included."},
     WriteTeamAssigned},
    {{"fleetmeter_team_busy_h100e_seconds_total",
      kCounter,
      {"pool", "team", "signal"},
      "Chips of the team have been busy for this many H100e-seconds, by the signal that measured "
      "it. The series is absent until it is more than 0. History is not included."},
     EachTeamAndSignal<&UseView::booked_busy_h100e_seconds>},
    {{"fleetmeter_team_productive_h100e_seconds_total",
      kCounter,
      {"pool", "team", "signal"},
      "Chips of the team have been productive for this many H100e-seconds, by the signal that "
      "measured their activity. The series is absent until it is more than 0. History is not "
      "included."},
     EachTeamAndSignal<&UseView::booked_productive_h100e_seconds>},
};

}  // namespace

constexpr MetricGroup<Snapshot> kBookMetrics = {
    "Books",
    "These counters show what committed reports add up to since the books began, without history: "
    "usage that was imported, or sent as history, is in the books and in no counter, so that a "
    "counter never jumps by years in a day. `fleetmeterctl report` tells it by the time of its "
    "use, and `fleetmeterctl export openmetrics` brings it to Prometheus. The books count integer "
    "chip-nanoseconds, and H100e follow from the catalog that was in force at the start of each "
    "window. Every pool that was ever reported has series, even if the plan no longer knows it.",
    kBookFamilies,
};

}  // namespace fleetmeter
