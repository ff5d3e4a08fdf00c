#include <optional>

#include "daemon/base/clock.h"
#include "daemon/serve/metrics/fleet_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;

// A series for each team of each pool: what `value` gives of its TeamView.
template <auto value>
void EachTeam(const Snapshot& snapshot, SeriesWriter& out) {
  for (const auto& [pool, use] : snapshot.uses) {
    for (const TeamView& team : use.teams) {
      out.Sample({pool, team.team}, std::invoke(value, team));
    }
  }
}

void WriteBusy(const Snapshot& snapshot, SeriesWriter& out) {
  for (const auto& [pool, use] : snapshot.uses) {
    for (const TeamView& team : use.teams) {
      for (const UseView& by_signal : team.by_signal) {
        if (!by_signal.measured || by_signal.assigned_micro_chips == 0) continue;
        out.Sample({pool, team.team, by_signal.signal}, by_signal.busy_h100e);
      }
    }
  }
}

std::optional<double> Assigned(const TeamView& team) {
  return team.heard ? std::optional(team.assigned_h100e) : std::nullopt;
}

std::optional<double> IdleChips(const TeamView& team) {
  return team.busy_h100e ? std::optional(team.idle_chips) : std::nullopt;
}

std::optional<double> IdleSince(const TeamView& team) {
  if (!team.idle_since_unix_nanos) return std::nullopt;
  return static_cast<double>(*team.idle_since_unix_nanos) / kNanosPerSecond;
}

constexpr Family<Snapshot> kTeamFamilies[] = {
    {{"fleetmeter_team_assigned_h100e",
      kGauge,
      {"pool", "team"},
      "Workloads of the team hold this many H100e of the pool, as live sources report. The series "
      "is absent while only silent sources held chips of the team."},
     EachTeam<Assigned>},
    {{"fleetmeter_team_busy_h100e",
      kGauge,
      {"pool", "team", "signal"},
      "This many H100e of the team are busy, as fleetmeter_pool_busy_h100e defines it, by the "
      "signal that measures the activity. The series is absent where no signal measures it."},
     WriteBusy},
    {{"fleetmeter_team_idle_h100e",
      kGauge,
      {"pool", "team"},
      "This many H100e of the team are idle, as fleetmeter_pool_idle_h100e defines it. The series "
      "is absent while no chip of the team is measured."},
     EachTeam<&TeamView::idle_h100e>},
    {{"fleetmeter_team_idle_chips",
      kGauge,
      {"pool", "team"},
      "This many assigned chips of the team have an activity below live.idle_below. The series is "
      "absent while no chip of the team is measured."},
     EachTeam<IdleChips>},
    {{"fleetmeter_team_idle_since_timestamp_seconds",
      kGauge,
      {"pool", "team"},
      "The team has held an idle chip without a break since this time, as seconds since the Unix "
      "epoch. The series is absent while it holds none."},
     EachTeam<IdleSince>},
};

}  // namespace

constexpr MetricGroup<Snapshot> kTeamMetrics = {
    "Teams",
    "These families show what each team holds of a pool now. They include pools that the plan in "
    "force does not know.",
    kTeamFamilies,
};

}  // namespace fleetmeter
