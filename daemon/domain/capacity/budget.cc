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
  const bool is_gone = pace.left_h100e_hours <= 0;
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
  pace.left_h100e_hours = budgeted - pace.used_h100e_hours;
  const bool begun = now_unix_seconds > budget.from_unix_seconds && use.elapsed_seconds > 0;
  const auto told = static_cast<double>(use.told_seconds);
  if (!begun || use.told_seconds <= 0 ||
      told < least_told * static_cast<double>(use.elapsed_seconds)) {
    return pace;
  }
  const auto duration = static_cast<double>(budget.to_unix_seconds - budget.from_unix_seconds);
  const double hours_per_second = pace.used_h100e_hours / told;
  pace.projected_h100e_hours = hours_per_second * duration;
  if (budgeted > 0) pace.pace_ratio = *pace.projected_h100e_hours / budgeted;
  pace.gone_unix_seconds = GoneAt(budget, pace, hours_per_second, now_unix_seconds);
  return pace;
}

}  // namespace fleetmeter::capacity
