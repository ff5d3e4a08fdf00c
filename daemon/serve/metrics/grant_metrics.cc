#include <optional>

#include "daemon/base/clock.h"
#include "daemon/serve/metrics/capacity_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;

constexpr double kMicroH100eOfGrants = 1e6;

double GrantedH100e(const PoolCapacity& pool) {
  return static_cast<double>(pool.granted_micro_h100e) / kMicroH100eOfGrants;
}

double CommittedH100e(const PoolCapacity& pool) {
  return static_cast<double>(pool.committed_micro_h100e) / kMicroH100eOfGrants;
}

double BeyondH100e(const PoolCapacity& pool) {
  return static_cast<double>(pool.beyond_micro_h100e) / kMicroH100eOfGrants;
}

// A series for each pool of the plan, and each other one that has requests.
template <auto value>
void EachPoolOf(const CapacityFigures& figures, SeriesWriter& out) {
  for (const auto& [pool, capacity] : figures.summary.pools) {
    out.Sample({pool}, std::invoke(value, capacity));
  }
}

// A series for each pool that had grants within the week.
template <auto value>
void EachUsedPool(const CapacityFigures& figures, SeriesWriter& out) {
  for (const PoolGrantUse& pool : figures.pools) out.Sample({pool.pool}, std::invoke(value, pool));
}

template <auto value>
void EachGrant(const CapacityFigures& figures, SeriesWriter& out) {
  for (const GrantSeries& grant : figures.grants) {
    out.Sample({grant.pool, grant.team, grant.request}, std::invoke(value, grant));
  }
}

// Nothing is said where nothing is known.
template <class Sums>
std::optional<double> WeekGranted(const Sums& sums) {
  if (sums.week_granted_h100e_seconds <= 0) return std::nullopt;
  return sums.week_granted_h100e_seconds;
}

template <class Sums>
std::optional<double> WeekUsed(const Sums& sums) {
  if (sums.week_granted_h100e_seconds <= 0) return std::nullopt;
  return sums.week_used_h100e_seconds;
}

std::optional<double> WeekRatio(const GrantSeries& grant) {
  if (grant.week_granted_h100e_seconds <= 0) return std::nullopt;
  return grant.week_used_h100e_seconds / grant.week_granted_h100e_seconds;
}

std::optional<double> GrantsAsOf(const CapacityFigures& figures) {
  if (!figures.facts.view) return std::nullopt;
  return static_cast<double>(figures.facts.view->as_of_unix_nanos) / kNanosPerSecond;
}

constexpr Family<CapacityFigures> kGrantFamilies[] = {
    {{"fleetmeter_capacity_granted_h100e",
      kGauge,
      {"pool"},
      "Grants of the pool that are not over promise this many H100e together, those that have yet "
      "to begin included. Chips count by the catalog of the time of the decision."},
     EachPoolOf<GrantedH100e>},
    {{"fleetmeter_capacity_committed_h100e",
      kGauge,
      {"pool"},
      "Grants of the pool whose time has begun and is not over promise this many H100e now."},
     EachPoolOf<CommittedH100e>},
    {{"fleetmeter_capacity_beyond_h100e",
      kGauge,
      {"pool"},
      "Of fleetmeter_capacity_committed_h100e, this much was granted beyond the allocation of the "
      "pool and is not in the plan in force, so that it is on top of the allocation. A plan that "
      "names no grants counts as if it had those that were decided before it was loaded."},
     EachPoolOf<BeyondH100e>},
    {{"fleetmeter_capacity_uncommitted_h100e",
      kGauge,
      {"pool"},
      "Uncommitted is allocated + beyond - committed, in H100e, where committed is "
      "fleetmeter_capacity_committed_h100e, beyond is fleetmeter_capacity_beyond_h100e, and a pool "
      "that the plan in force does not have is allocated nothing. It is negative when grants "
      "promise more than the plan has. What is "
      "promised to nobody may be held all the same: fleetmeter_pool_headroom_h100e says what is "
      "free."},
     EachPoolOf<&PoolCapacity::UncommittedH100e>},
    {{"fleetmeter_capacity_used_h100e",
      kGauge,
      {"pool"},
      "Teams held this many H100e of the pool under their grants on average in the last full hour, "
      "by the ledger. A grant is used by chips of its kind that its team holds in its pool, up to "
      "what was granted. The series is absent while less than live.coverage_threshold of what the "
      "grants promised in that hour was told of, where the pool had no grant in that hour, and "
      "without ledger.path."},
     EachUsedPool<&PoolGrantUse::used_h100e>},
    {{"fleetmeter_capacity_week_granted_h100e_seconds",
      kGauge,
      {"pool"},
      "Grants of the pool promised this many H100e-seconds in the seven days before the present "
      "hour. Of each grant only its time within these days counts, and of none that is known for "
      "less than a day. What is not told of a grant is left out, and so are grants of which less "
      "than live.coverage_threshold was told of. The series is absent where nothing is left, and "
      "without ledger.path."},
     EachUsedPool<WeekGranted<PoolGrantUse>>},
    {{"fleetmeter_capacity_week_used_h100e_seconds",
      kGauge,
      {"pool"},
      "Of fleetmeter_capacity_week_granted_h100e_seconds, teams held this much under the same "
      "grants. The series is absent where that one is."},
     EachUsedPool<WeekUsed<PoolGrantUse>>},
    {{"fleetmeter_grant_h100e",
      kGauge,
      {"pool", "team", "request"},
      "The grant promises the team this many H100e of the pool now. Of the grants whose time has "
      "begun and is not over the 200 largest have series of their own. The others of a pool have "
      "one together, whose team and request are overflow."},
     EachGrant<&GrantSeries::h100e>},
    {{"fleetmeter_grant_used_h100e",
      kGauge,
      {"pool", "team", "request"},
      "The team held this many H100e under the grant on average in the last full hour, as "
      "fleetmeter_capacity_used_h100e counts them. The series is absent for a grant that was not "
      "active in that hour, and as that one is."},
     EachGrant<&GrantSeries::used_h100e>},
    {{"fleetmeter_grant_week_used_ratio",
      kGauge,
      {"pool", "team", "request"},
      "The team held this part of what the grant promised in the seven days before the present "
      "hour, or since the grant began: its part of fleetmeter_capacity_week_used_h100e_seconds / "
      "its part of fleetmeter_capacity_week_granted_h100e_seconds. The series is absent for the "
      "first day of a grant, and while too little was told of, as there."},
     EachGrant<WeekRatio>},
    {{"fleetmeter_grant_end_timestamp_seconds",
      kGauge,
      {"pool", "team", "request"},
      "The grant ends at this time, as seconds since the Unix epoch. Grants without series of "
      "their own have none."},
     EachGrant<&GrantSeries::end_unix_seconds>},
    {{"fleetmeter_grant_covered_after_h100e",
      kGauge,
      {"pool", "team", "request"},
      "At the end of the grant other grants promise the team this many H100e of the pool. What it "
      "holds beyond that is then under no grant. Grants without series of their own have none."},
     EachGrant<&GrantSeries::covered_after_h100e>},
    {{"fleetmeter_grants_overflow",
      kGauge,
      {},
      "This many grants are merged into series with the name overflow."},
     OneSeries<[](const CapacityFigures& f) { return static_cast<double>(f.overflow); }>},
    {{"fleetmeter_grants_as_of_timestamp_seconds",
      kGauge,
      {},
      "What was used under grants was last worked out from the ledger at this time, as seconds "
      "since the Unix epoch. That happens when a request or a grant changes, and every quarter of "
      "an hour. The series is absent before the first time, and without ledger.path."},
     OneSeries<GrantsAsOf>},
    {{"fleetmeter_grants_refresh_failures_total",
      kCounter,
      {},
      "What was used under grants could not be worked out this many times. The figures from before "
      "are then still shown."},
     OneSeries<[](const CapacityFigures& f) {
       return static_cast<double>(f.facts.refresh_failures);
     }>},
};

}  // namespace

constexpr MetricGroup<CapacityFigures> kGrantMetrics = {
    "Grants",
    "These families show what grants of requests for capacity promise, and what of it was used, as "
    "the ledger tells by the hour. What a plan allocates to a pool is in the section Pools.",
    kGrantFamilies,
};

}  // namespace fleetmeter
