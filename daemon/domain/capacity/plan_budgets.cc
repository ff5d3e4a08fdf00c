#include "daemon/domain/capacity/plan_budgets.h"

#include <chrono>
#include <cmath>

#include "daemon/base/calendar.h"

namespace fleetmeter::capacity {
namespace {

constexpr double kMicro = 1e6;

// The start of the month that holds `seconds`, and of the one after it.
int64_t MonthOf(int64_t seconds, int months_later = 0) {
  using namespace std::chrono;
  const year_month_day day{sys_days{days{seconds / kSecondsPerDay}}};
  const year_month_day start = day.year() / day.month() / 1 + months{months_later};
  return int64_t{sys_days{start}.time_since_epoch().count()} * kSecondsPerDay;
}

void SetTime(const HoursBudget& said, int64_t now, Budget* out) {
  switch (said.per) {
    case HoursBudget::Per::kTerm:
      out->from_unix_seconds = said.from_unix_nanos / kNanosPerSecond;
      out->to_unix_seconds = said.to_unix_nanos / kNanosPerSecond;
      return;
    case HoursBudget::Per::kMonth:
      out->from_unix_seconds = MonthOf(now);
      out->to_unix_seconds = MonthOf(now, 1);
      return;
    case HoursBudget::Per::kQuarter:
      out->from_unix_seconds = QuarterOf(now);
      out->to_unix_seconds = QuarterOf(now, 1);
      return;
  }
}

Budget MakeBudget(const std::string& pool, const std::string& team, const HoursBudget& said,
                  int64_t now) {
  Budget budget{
      .pool = pool, .team = team, .micro_h100e_hours = std::llround(said.h100e_hours * kMicro)};
  SetTime(said, now, &budget);
  return budget;
}

}  // namespace

std::vector<Budget> BudgetsOf(const Plan& plan, int64_t now_unix_seconds) {
  std::vector<Budget> budgets;
  for (const Pool& pool : plan.pools) {
    if (pool.budget) {
      budgets.push_back(MakeBudget(pool.name, "", *pool.budget, now_unix_seconds));
    }
    for (const auto& [team, budget] : pool.team_budgets) {
      budgets.push_back(MakeBudget(pool.name, team, budget, now_unix_seconds));
    }
  }
  return budgets;
}

}  // namespace fleetmeter::capacity
