#include <algorithm>
#include <array>
#include <string_view>

#include "daemon/base/clock.h"
#include "daemon/serve/metrics/capacity_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;
using capacity::Nature;

constexpr double kMicroH100e = 1e6;

// What `write` writes for each pool and nature that requests were ever submitted of.
template <class Write>
void EachNature(const CapacityFigures& figures, const Write& write) {
  for (const auto& [pool, capacity] : figures.summary.pools) {
    for (const Nature nature : capacity::kNatures) {
      const NatureSummary& summary = capacity.natures[static_cast<size_t>(nature)];
      if (summary.submitted > 0) write(std::string_view(pool), Name(nature), summary);
    }
  }
}

void WriteRequests(const CapacityFigures& figures, SeriesWriter& out) {
  EachNature(figures, [&out](auto pool, auto nature, const NatureSummary& summary) {
    for (const capacity::State state : capacity::kStates) {
      out.Sample({pool, Name(state), nature},
                 static_cast<double>(summary.requests[static_cast<size_t>(state)]));
    }
  });
}

void WriteRequested(const CapacityFigures& figures, SeriesWriter& out) {
  EachNature(figures, [&out](auto pool, auto nature, const NatureSummary& summary) {
    out.Sample({pool, nature}, static_cast<double>(summary.open_micro_h100e) / kMicroH100e);
  });
}

void WriteOldest(const CapacityFigures& figures, SeriesWriter& out) {
  EachNature(figures, [&out](auto pool, auto nature, const NatureSummary& summary) {
    if (!summary.oldest_open) return;
    const capacity::CapacityRequest& oldest = *summary.oldest_open;
    out.Sample({pool, nature, oldest.form.team, oldest.form.request_id},
               static_cast<double>(oldest.asked_unix_nanos) / kNanosPerSecond);
  });
}

void WriteExpired(const CapacityFigures& figures, SeriesWriter& out) {
  EachNature(figures, [&out](auto pool, auto nature, const NatureSummary& summary) {
    const auto& latest = summary.latest_expired_unix_seconds;
    if (latest) out.Sample({pool, nature}, static_cast<double>(*latest));
  });
}

void WriteDecisions(const CapacityFigures& figures, SeriesWriter& out) {
  for (const auto& [pool, capacity] : figures.summary.pools) {
    const bool asked = std::any_of(capacity.natures.begin(), capacity.natures.end(),
                                   [](const NatureSummary& of) { return of.submitted > 0; });
    if (!asked) continue;
    const DecisionCounts& counts = capacity.decisions;
    out.Sample({pool, "granted"}, static_cast<double>(counts.granted));
    out.Sample({pool, "granted_in_part"}, static_cast<double>(counts.granted_in_part));
    out.Sample({pool, "declined"}, static_cast<double>(counts.declined));
  }
}

constexpr size_t kWaits = kDecisionWaitBoundsSeconds.size();

constexpr std::array<double, kWaits> BoundsAsDoubles() {
  std::array<double, kWaits> bounds{};
  for (size_t i = 0; i < kWaits; ++i)
    bounds[i] = static_cast<double>(kDecisionWaitBoundsSeconds[i]);
  return bounds;
}

constexpr std::array<double, kWaits> kDecisionWaitBounds = BoundsAsDoubles();

void WriteWaits(const CapacityFigures& figures, SeriesWriter& out) {
  EachNature(figures, [&out](auto pool, auto nature, const NatureSummary& summary) {
    std::array<uint64_t, kWaits> cumulative{};
    uint64_t count = 0;
    for (size_t i = 0; i < kWaits; ++i) {
      count += summary.waits.requests[i];
      cumulative[i] = count;
    }
    const std::string_view labels[] = {pool, nature};
    out.Histogram(labels, {.bounds = kDecisionWaitBounds,
                           .cumulative = cumulative,
                           .count = summary.waits.count,
                           .sum = summary.waits.total_seconds});
  });
}

constexpr Family<CapacityFigures> kRequestFamilies[] = {
    {{"fleetmeter_capacity_requests",
      kGauge,
      {"pool", "state", "nature"},
      "This many requests for capacity of the pool are in the state, by their nature. Those in the "
      "states submitted and ranked are open: nobody has decided them. Expired ones were not "
      "decided before their time was over. The series are absent for a pool and nature of which "
      "nothing was ever asked."},
     WriteRequests},
    {{"fleetmeter_capacity_requested_h100e",
      kGauge,
      {"pool", "nature"},
      "Open requests of the pool ask for this many H100e together, each for a time of its own. "
      "Chips count by the catalog of the time of asking. The series is absent as for "
      "fleetmeter_capacity_requests."},
     WriteRequested},
    {{"fleetmeter_capacity_oldest_open_request_timestamp_seconds",
      kGauge,
      {"pool", "nature", "team", "request"},
      "The oldest open request of the pool and nature was submitted at this time, as seconds since "
      "the Unix epoch. The labels name the request and the team that asks. The series is absent "
      "while no request is open."},
     WriteOldest},
    {{"fleetmeter_capacity_latest_expired_timestamp_seconds",
      kGauge,
      {"pool", "nature"},
      "The time of a request of the pool and nature was over at this time before anybody had "
      "decided about it, as seconds since the Unix epoch. It is the latest of such requests. The "
      "series is absent while there is none: a request that its asker takes back is no longer "
      "expired."},
     WriteExpired},
    {{"fleetmeter_capacity_decisions_total",
      kCounter,
      {"pool", "outcome"},
      "Requests of the pool were decided this many times since the books began. The outcome is "
      "granted, for what was asked, granted_in_part, for fewer chips or a shorter or later time, "
      "or declined. The series are absent for a pool of which nothing was ever asked."},
     WriteDecisions},
    {{"fleetmeter_capacity_decision_wait_seconds",
      kHistogram,
      {"pool", "nature"},
      "Each request that was granted or declined gives one observation: how long that took since "
      "it was first submitted. The histogram counts since the books began. The series are absent "
      "as for fleetmeter_capacity_requests."},
     WriteWaits},
};

}  // namespace

constexpr MetricGroup<CapacityFigures> kRequestMetrics = {
    "Requests for capacity",
    "These families show what teams have asked for with the request form, and what was decided. "
    "They follow from the ledger, so a restart changes none of them. Jobs and pods that wait in a "
    "scheduler are demand, and no requests for capacity.",
    kRequestFamilies,
};

}  // namespace fleetmeter
