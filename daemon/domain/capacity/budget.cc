#include "daemon/domain/capacity/budget.h"

#include <algorithm>

#include "daemon/base/units.h"

namespace fleetmeter::capacity {
namespace {

constexpr double kMicrosPerUnit = 1'000'000;

// Of a use that goes on at `hours_per_second`.
std::optional<int64_t> GoneAt(const Budget& budget, const BudgetPace& pace, double hours_per_second,
                              int64_t now_unix_seconds) {
  if (!(hours_per_second > 0)) return std::nullopt;
  const auto duration = static_cast<double>(budget.to_unix_seconds - budget.from_unix_seconds);
  const double after =
      static_cast<double>(budget.micro_h100e_hours) / kMicrosPerUnit / hours_per_second;
  const bool is_gone = pace.left_h100e_hours.value_or(1) <= 0;
  if (after >= duration && !is_gone) return std::nullopt;
  const int64_t gone =
      budget.from_unix_seconds + static_cast<int64_t>(std::clamp(after, 0.0, duration));
  // What is left is gone later than now, and what is gone was so before.
  return is_gone ? std::min(gone, now_unix_seconds) : std::max(gone, now_unix_seconds);
}

}  // namespace

BudgetPace PaceOf(const Budget& budget, const BudgetUse& use, double least_told,
                  int64_t now_unix_seconds) {
  const double budgeted = static_cast<double>(budget.micro_h100e_hours) / kMicrosPerUnit;
  BudgetPace pace;
  pace.used_h100e_hours =
      static_cast<double>(use.used_h100e_nanos) / static_cast<double>(kNanosPerHour);
  const auto told = static_cast<double>(use.told_seconds);
  const auto elapsed = static_cast<double>(use.elapsed_seconds);
  if (told >= elapsed) {
    pace.untold_h100e_hours = 0;
  } else if (told > 0 && told >= least_told * elapsed) {
    pace.untold_h100e_hours = pace.used_h100e_hours * (elapsed - told) / told;
  }
  const double left = budgeted - pace.used_h100e_hours - pace.untold_h100e_hours.value_or(0);
  // What is overdrawn by what is known is so, whatever else was used.
  if (pace.untold_h100e_hours || left <= 0) pace.left_h100e_hours = left;
  const bool begun = now_unix_seconds > budget.from_unix_seconds && use.elapsed_seconds > 0;
  if (!begun || use.told_seconds <= 0 || !pace.untold_h100e_hours) return pace;
  const auto duration = static_cast<double>(budget.to_unix_seconds - budget.from_unix_seconds);
  const double hours_per_second = pace.used_h100e_hours / told;
  pace.projected_h100e_hours = hours_per_second * duration;
  if (budgeted > 0) pace.pace_ratio = *pace.projected_h100e_hours / budgeted;
  pace.gone_unix_seconds = GoneAt(budget, pace, hours_per_second, now_unix_seconds);
  return pace;
}

}  // namespace fleetmeter::capacity
