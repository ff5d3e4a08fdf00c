#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/serve/metrics/fleet_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;

double WaitingChips(int64_t micro_chips) {
  return static_cast<double>(micro_chips) / kMicroChipsPerChip;
}

// A series for each pool of the plan of whose demand a source tells.
template <auto value>
void EachDemand(const Snapshot& snapshot, SeriesWriter& out) {
  for (const PoolView& view : snapshot.pools) {
    if (view.demand) out.Sample({view.pool->name}, std::invoke(value, *view.demand));
  }
}

std::optional<double> Seconds(std::optional<int64_t> seconds) {
  return seconds ? std::optional(static_cast<double>(*seconds)) : std::nullopt;
}

std::optional<double> OldestWait(const PoolDemand& demand) {
  return Seconds(demand.oldest_wait_seconds);
}

std::optional<double> MedianWait(const PoolDemand& demand) {
  return Seconds(demand.median_wait_seconds);
}

double Requests(const PoolDemand& demand) { return static_cast<double>(demand.requests); }

constexpr size_t kWaitBounds = kWaitBoundsSeconds.size();

constexpr std::array<double, kWaitBounds> WaitBoundsAsDoubles() {
  std::array<double, kWaitBounds> bounds{};
  for (size_t i = 0; i < kWaitBounds; ++i) bounds[i] = static_cast<double>(kWaitBoundsSeconds[i]);
  return bounds;
}

constexpr std::array<double, kWaitBounds> kDemandWaitBounds = WaitBoundsAsDoubles();

void WriteWaits(const Snapshot& snapshot, SeriesWriter& out) {
  for (const PoolView& view : snapshot.pools) {
    if (!view.demand || !view.demand->waits) continue;
    const WaitCounts& waits = *view.demand->waits;
    std::array<uint64_t, kWaitBounds> cumulative{};
    uint64_t count = 0;
    for (size_t i = 0; i < waits.requests.size(); ++i) {
      count += static_cast<uint64_t>(waits.requests[i]);
      if (i < kWaitBounds) cumulative[i] = count;
    }
    const std::string_view labels[] = {view.pool->name};
    out.Histogram(labels, {.bounds = kDemandWaitBounds,
                           .cumulative = cumulative,
                           .count = count,
                           .sum = waits.total_seconds});
  }
}

void WriteServable(const Snapshot& snapshot, SeriesWriter& out) {
  for (const PoolView& view : snapshot.pools) {
    if (!view.demand) continue;
    out.Sample({view.pool->name, "own"}, view.demand->servable_h100e);
    out.Sample({view.pool->name, "borrowable"}, view.demand->servable_by_borrowing_h100e);
  }
}

void WriteUncounted(const Snapshot& snapshot, SeriesWriter& out) {
  for (const PoolView& view : snapshot.pools) {
    if (!view.demand) continue;
    for (const auto& [chip, micro_chips] : view.demand->uncounted_micro_chips) {
      out.Sample({view.pool->name, chip}, WaitingChips(micro_chips));
    }
  }
}

void WriteTeamDemand(const Snapshot& snapshot, SeriesWriter& out) {
  for (const PoolView& view : snapshot.pools) {
    if (!view.demand) continue;
    for (const auto& [team, demand] : view.demand->teams) {
      if (!team.empty()) out.Sample({view.pool->name, team}, demand.h100e);
    }
  }
}

constexpr Family<Snapshot> kDemandFamilies[] = {
    {{"fleetmeter_pool_demand_h100e",
      kGauge,
      {"pool"},
      "Requests (jobs, pods) wait for this many H100e of the pool, as the latest reports of live "
      "sources tell. Chips of a kind that the catalog knows count with its ratio. Chips of no kind "
      "count with that of the only kind of chip that the pool has; if it has several, they are in "
      "fleetmeter_pool_demand_uncounted_chips. The value is 0 when a source tells that nothing "
      "waits. The series is absent while no live source tells of demand for the pool."},
     EachDemand<&PoolDemand::h100e>},
    {{"fleetmeter_pool_demand_requests",
      kGauge,
      {"pool"},
      "This many requests wait for chips of the pool. The series is absent while no live source "
      "tells of demand for the pool."},
     EachDemand<Requests>},
    {{"fleetmeter_pool_demand_oldest_wait_seconds",
      kGauge,
      {"pool"},
      "The oldest of the waiting requests of the pool had waited for this many seconds at the end "
      "of the window that told of it. The series is absent while nothing waits, or no live source "
      "tells how long."},
     EachDemand<OldestWait>},
    {{"fleetmeter_pool_demand_median_wait_seconds",
      kGauge,
      {"pool"},
      "Half of the waiting requests of the pool had waited for this many seconds or longer. It is "
      "the median of the medians that reports give, each weighted by its requests. The series is "
      "absent while nothing waits, or no live source tells how long."},
     EachDemand<MedianWait>},
    {{"fleetmeter_pool_demand_wait_seconds",
      kHistogram,
      {"pool"},
      "Each request that waits for chips of the pool now gives one observation: how long it had "
      "waited at the end of the window that told of it. The histogram shows the present queue and "
      "falls with it, so take quantiles of its values and not of their increase: "
      "histogram_quantile(0.9, fleetmeter_pool_demand_wait_seconds_bucket). Requests whose wait "
      "nobody tells are left out. The series are absent while no live source tells of demand for "
      "the pool, or of any wait though something waits."},
     WriteWaits},
    {{"fleetmeter_pool_demand_servable_h100e",
      kGauge,
      {"pool", "room"},
      "Waiting requests of the pool for this many H100e could start now, by what the pool may use: "
      "whole requests, the smallest first, that fit into its headroom (room is own), and those "
      "that fit besides if it borrows what it may (room is borrowable). Requests in "
      "fleetmeter_pool_demand_uncounted_chips are left out. The series is absent while no live "
      "source tells of demand for the pool, its headroom is not known, or its coverage is below "
      "live.coverage_threshold."},
     WriteServable},
    {{"fleetmeter_pool_demand_uncounted_chips",
      kGauge,
      {"pool", "chip"},
      "Requests wait for this many chips of the pool whose H100e are not known, by the kind that "
      "the source names: a kind that the catalog does not know, or `unspecified` where no kind is "
      "named and the pool has several. The twenty-first kind and those after it are `other`. The "
      "series is absent where all is known."},
     WriteUncounted},
    {{"fleetmeter_team_demand_h100e",
      kGauge,
      {"pool", "team"},
      "Requests of the team wait for this many H100e of the pool, as fleetmeter_pool_demand_h100e "
      "counts them. The series is absent while nothing of the team waits."},
     WriteTeamDemand},
};

}  // namespace

constexpr MetricGroup<Snapshot> kDemandMetrics = {
    "Demand",
    "These families show what waits for chips of the pools of the plan in force, as schedulers "
    "tell. A queue that several sources tell of counts once.",
    kDemandFamilies,
};

}  // namespace fleetmeter
