#include <optional>

#include "daemon/serve/metrics/spending_metrics.h"

namespace fleetmeter {
namespace {

using capacity::Budget;
using enum MetricType;

constexpr double kMicro = 1e6;
constexpr double kSecondsOfHour = 3'600;

enum class Whose { kPools, kTeams };

template <Whose whose>
void WriteSample(const Budget& budget, std::optional<double> value, SeriesWriter& out) {
  if (budget.team.empty() != (whose == Whose::kPools)) return;
  if (whose == Whose::kPools) {
    out.Sample({budget.pool}, value);
  } else {
    out.Sample({budget.pool, budget.team}, value);
  }
}

// What the plan says.
template <Whose whose, auto value>
void EachPlanned(const SpendingFigures& figures, SeriesWriter& out) {
  for (const Budget& budget : figures.planned) {
    WriteSample<whose>(budget, std::invoke(value, budget), out);
  }
}

// What was worked out from the ledger.
template <Whose whose, auto value>
void EachReviewed(const SpendingFigures& figures, SeriesWriter& out) {
  if (!figures.facts.view) return;
  for (const BudgetReview& review : figures.facts.view->budgets) {
    WriteSample<whose>(review.budget, std::invoke(value, review), out);
  }
}

double Amount(const Budget& budget) {
  return static_cast<double>(budget.micro_h100e_hours) / kMicro * kSecondsOfHour;
}
double Start(const Budget& budget) { return static_cast<double>(budget.from_unix_seconds); }
double End(const Budget& budget) { return static_cast<double>(budget.to_unix_seconds); }

std::optional<double> Used(const BudgetReview& review) {
  if (!review.IsUsedKnown()) return std::nullopt;
  return review.pace.used_h100e_hours * kSecondsOfHour;
}
std::optional<double> Left(const BudgetReview& review) {
  if (!review.pace.left_h100e_hours) return std::nullopt;
  return *review.pace.left_h100e_hours * kSecondsOfHour;
}
std::optional<double> PaceRatio(const BudgetReview& review) { return review.pace.pace_ratio; }
std::optional<double> Projected(const BudgetReview& review) {
  if (!review.pace.projected_h100e_hours) return std::nullopt;
  return *review.pace.projected_h100e_hours * kSecondsOfHour;
}
std::optional<double> Gone(const BudgetReview& review) {
  if (!review.pace.gone_unix_seconds) return std::nullopt;
  return static_cast<double>(*review.pace.gone_unix_seconds);
}
std::optional<double> Told(const BudgetReview& review) {
  if (review.use.elapsed_seconds == 0) return std::nullopt;
  return static_cast<double>(review.use.told_seconds) /
         static_cast<double>(review.use.elapsed_seconds);
}

constexpr Family<SpendingFigures> kBudgetFamilies[] = {
    {{"fleetmeter_pool_budget_h100e_seconds",
      kGauge,
      {"pool"},
      "The pool has a budget of this many H100e-seconds in the plan in force. The series is absent "
      "for a pool without a budget."},
     EachPlanned<Whose::kPools, Amount>},
    {{"fleetmeter_pool_budget_start_timestamp_seconds",
      kGauge,
      {"pool"},
      "The present time of the budget of the pool, such as the quarter, begins at this time, as "
      "seconds since the Unix epoch."},
     EachPlanned<Whose::kPools, Start>},
    {{"fleetmeter_pool_budget_end_timestamp_seconds",
      kGauge,
      {"pool"},
      "The present time of the budget of the pool ends at this time, as seconds since the Unix "
      "epoch."},
     EachPlanned<Whose::kPools, End>},
    {{"fleetmeter_pool_budget_used_h100e_seconds",
      kGauge,
      {"pool"},
      "Workloads of the pool have held this many H100e-seconds in the time of its budget, as the "
      "ledger tells, with history. The series is absent where nothing is told of that time, before "
      "the ledger was read, and where it is in memory."},
     EachReviewed<Whose::kPools, Used>},
    {{"fleetmeter_pool_budget_left_h100e_seconds",
      kGauge,
      {"pool"},
      "This many H100e-seconds of the budget of the pool are left: budget - used - untold, where "
      "untold is what the untold part of the elapsed time has used if it was like the told part. "
      "It is below 0 when the budget is overdrawn. The series is absent as that of used is, and "
      "while the books tell less than half of the elapsed time."},
     EachReviewed<Whose::kPools, Left>},
    {{"fleetmeter_pool_budget_pace_ratio",
      kGauge,
      {"pool"},
      "The pool uses its budget at this pace: used / (budget x told part of its time). It is 1 "
      "where the budget would last to its end exactly. The series is absent before the time of "
      "the budget has begun, and while the books tell less than half of its elapsed time."},
     EachReviewed<Whose::kPools, PaceRatio>},
    {{"fleetmeter_pool_budget_projected_h100e_seconds",
      kGauge,
      {"pool"},
      "The pool will have used this many H100e-seconds when the time of its budget ends, if it "
      "goes "
      "on as in the time that the books tell. The series is absent as that of the pace is."},
     EachReviewed<Whose::kPools, Projected>},
    {{"fleetmeter_pool_budget_gone_timestamp_seconds",
      kGauge,
      {"pool"},
      "The budget of the pool is gone at this time, as seconds since the Unix epoch, if it goes on "
      "as in the time that the books tell. The series is absent where it is not gone before the "
      "end of its time, or where that cannot be told."},
     EachReviewed<Whose::kPools, Gone>},
    {{"fleetmeter_pool_budget_told_ratio",
      kGauge,
      {"pool"},
      "The books tell this part of the elapsed time of the budget of the pool: when sources told "
      "of their chips, times what was heard of the pool's chips that should have been heard. It is "
      "0 for a pool that no source has told of. What was used in the rest is not in used. The "
      "series is absent before the time of the budget has begun."},
     EachReviewed<Whose::kPools, Told>},
    {{"fleetmeter_team_budget_h100e_seconds",
      kGauge,
      {"pool", "team"},
      "The team has a budget of this many H100e-seconds of the pool in the plan in force. The "
      "series "
      "is absent for a team without a budget."},
     EachPlanned<Whose::kTeams, Amount>},
    {{"fleetmeter_team_budget_start_timestamp_seconds",
      kGauge,
      {"pool", "team"},
      "The present time of the budget of the team begins at this time, as seconds since the Unix "
      "epoch."},
     EachPlanned<Whose::kTeams, Start>},
    {{"fleetmeter_team_budget_end_timestamp_seconds",
      kGauge,
      {"pool", "team"},
      "The present time of the budget of the team ends at this time, as seconds since the Unix "
      "epoch."},
     EachPlanned<Whose::kTeams, End>},
    {{"fleetmeter_team_budget_used_h100e_seconds",
      kGauge,
      {"pool", "team"},
      "Workloads of the team have held this many H100e-seconds of the pool in the time of its "
      "budget, as fleetmeter_pool_budget_used_h100e_seconds counts them."},
     EachReviewed<Whose::kTeams, Used>},
    {{"fleetmeter_team_budget_left_h100e_seconds",
      kGauge,
      {"pool", "team"},
      "This many H100e-seconds of the budget of the team are left, as "
      "fleetmeter_pool_budget_left_h100e_seconds counts them."},
     EachReviewed<Whose::kTeams, Left>},
    {{"fleetmeter_team_budget_pace_ratio",
      kGauge,
      {"pool", "team"},
      "The team uses its budget at this pace, as fleetmeter_pool_budget_pace_ratio tells it."},
     EachReviewed<Whose::kTeams, PaceRatio>},
    {{"fleetmeter_team_budget_projected_h100e_seconds",
      kGauge,
      {"pool", "team"},
      "The team will have used this many H100e-seconds when the time of its budget ends, as "
      "fleetmeter_pool_budget_projected_h100e_seconds tells it."},
     EachReviewed<Whose::kTeams, Projected>},
    {{"fleetmeter_team_budget_gone_timestamp_seconds",
      kGauge,
      {"pool", "team"},
      "The budget of the team is gone at this time, as "
      "fleetmeter_pool_budget_gone_timestamp_seconds tells it."},
     EachReviewed<Whose::kTeams, Gone>},
    {{"fleetmeter_team_budget_told_ratio",
      kGauge,
      {"pool", "team"},
      "The books tell this part of the elapsed time of the budget of the team, as "
      "fleetmeter_pool_budget_told_ratio tells it."},
     EachReviewed<Whose::kTeams, Told>},
};

}  // namespace

constexpr MetricGroup<SpendingFigures> kBudgetMetrics = {
    "Budgets",
    "These families show the budgets of H100e-hours that the plan in force gives to pools and "
    "teams, and how far they have gone. What is used is worked out from the ledger, at most once "
    "in `outcomes.refresh`, after a scrape has asked for it.",
    kBudgetFamilies,
};

}  // namespace fleetmeter
