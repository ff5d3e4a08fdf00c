// What the families of grants are written from: series of single grants, and sums of pools.
#include <algorithm>
#include <map>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/serve/metrics/capacity_metrics.h"

namespace fleetmeter {
namespace {

constexpr std::string_view kOverflow = "overflow";
constexpr double kMicroPerH100e = 1e6;
// Before a grant is known for so long nothing is said of its week.
constexpr int64_t kLeastSeconds = 86'400;

double H100e(int64_t micro) { return static_cast<double>(micro) / kMicroPerH100e; }

// H100e-seconds of chip-time of a grant, at what its chips were worth when it was granted.
double H100eSeconds(absl::int128 chip_nanos, const capacity::Grant& grant) {
  if (grant.chips == 0) return 0;
  return static_cast<double>(chip_nanos) / kNanosPerSecond * H100e(grant.worth.micro_h100e) /
         static_cast<double>(grant.chips);
}

// H100e in use on average in the last full hour; nothing: it is not known.
std::optional<double> HourUse(const RecentUse& use, const capacity::Grant& grant,
                              double threshold) {
  if (!use.hour || !use.hour->IsKnown(threshold)) return std::nullopt;
  return H100eSeconds(use.hour->used_chip_nanos, grant) / static_cast<double>(use.hour->seconds());
}

bool IsWeekKnown(const RecentUse& use, double threshold) {
  return use.week && use.week->seconds() >= kLeastSeconds && use.week->IsKnown(threshold);
}

// Of several grants together: what is not known of one is not known of all.
void AddKnown(std::optional<double> more, bool first, std::optional<double>* sum) {
  if (first) {
    *sum = more;
  } else if (*sum && more) {
    **sum += *more;
  } else {
    sum->reset();
  }
}

template <class Sums>
void AddWeek(const RecentUse& use, const capacity::Grant& grant, double threshold, Sums* sums) {
  if (!IsWeekKnown(use, threshold)) return;
  sums->week_granted_h100e_seconds += H100eSeconds(use.week->granted_chip_nanos, grant);
  sums->week_used_h100e_seconds += H100eSeconds(use.week->used_chip_nanos, grant);
}

RecentUse UseOf(const GrantFacts& facts, std::string_view request_id) {
  if (!facts.view) return {};
  const auto found = facts.view->grants.find(request_id);
  return found == facts.view->grants.end() ? RecentUse() : found->second;
}

GrantSeries OwnSeries(const ActiveGrant& active) {
  const capacity::CapacityForm& form = active.request->form;
  GrantSeries series;
  series.pool = form.pool;
  series.team = form.team;
  series.request = form.request_id;
  series.end_unix_seconds = static_cast<double>(active.request->grant->end_unix_seconds);
  series.covered_after_h100e = H100e(active.covered_after_micro_h100e);
  return series;
}

GrantSeries SharedSeries(std::string_view pool) {
  GrantSeries series;
  series.pool = pool;
  series.team = kOverflow;
  series.request = kOverflow;
  return series;
}

void AddGrant(const ActiveGrant& active, bool first, const GrantFacts& facts, double threshold,
              GrantSeries* series) {
  const capacity::Grant& grant = *active.request->grant;
  const RecentUse use = UseOf(facts, active.request->form.request_id);
  series->h100e += H100e(grant.worth.micro_h100e);
  AddKnown(HourUse(use, grant, threshold), first, &series->used_h100e);
  AddWeek(use, grant, threshold, series);
}

// Those that promise most have series of their own; the others of a pool share one.
void AddGrants(double threshold, CapacityFigures* figures) {
  const std::vector<ActiveGrant>& active = figures->summary.active;
  std::vector<GrantSeries>& all = figures->grants;
  const size_t own = std::min(active.size(), kMostGrantSeries);
  for (size_t i = 0; i < own; ++i) {
    all.push_back(OwnSeries(active[i]));
    AddGrant(active[i], true, figures->facts, threshold, &all.back());
  }
  figures->overflow = active.size() - own;
  std::map<std::string_view, size_t> shared;  // by pool, where its series is
  for (size_t i = own; i < active.size(); ++i) {
    const std::string_view pool = active[i].request->form.pool;
    const auto [place, first] = shared.try_emplace(pool, all.size());
    if (first) all.push_back(SharedSeries(pool));
    AddGrant(active[i], first, figures->facts, threshold, &all[place->second]);
  }
}

// Of all grants that were active within the week, those that are over included.
void AddPools(const capacity::CapacityBook& book, double threshold, CapacityFigures* figures) {
  if (!figures->facts.view) return;
  std::map<std::string_view, PoolGrantUse> pools;
  std::map<std::string_view, size_t> in_hour;  // grants of the pool in the last full hour
  for (const auto& [request_id, use] : figures->facts.view->grants) {
    const capacity::CapacityRequest* request = book.Find(request_id);
    if (request == nullptr || !request->grant) continue;
    const std::string_view pool = request->form.pool;
    PoolGrantUse& sums = pools[pool];
    sums.pool = pool;
    if (use.hour) {
      const bool first = in_hour[pool]++ == 0;
      AddKnown(HourUse(use, *request->grant, threshold), first, &sums.used_h100e);
    }
    AddWeek(use, *request->grant, threshold, &sums);
  }
  for (const auto& [pool, sums] : pools) figures->pools.push_back(sums);
}

}  // namespace

CapacityFigures MakeCapacityFigures(const capacity::CapacityBook& book, const Plan& plan,
                                    GrantFacts facts, double coverage_threshold,
                                    int64_t unix_seconds) {
  CapacityFigures figures;
  figures.summary = SummarizeCapacity(book, plan, unix_seconds);
  figures.facts = std::move(facts);
  AddGrants(coverage_threshold, &figures);
  AddPools(book, coverage_threshold, &figures);
  return figures;
}

}  // namespace fleetmeter
