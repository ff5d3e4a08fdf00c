#include "daemon/domain/fleet/check_budgets.h"

#include <algorithm>
#include <utility>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/units.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter {
namespace {

constexpr size_t kMostNames = 10;  // in a message

class BudgetCheck {
 public:
  explicit BudgetCheck(std::string path) : path_(std::move(path)) {}

  std::vector<Violation> Run(const HoursBudget& budget) {
    // False for NaN, too.
    const bool is_right =
        budget.h100e_hours >= kLeastBudgetHours && budget.h100e_hours <= kMostBudgetHours;
    if (!is_right) {
      Complain("h100e_hours",
               fmt::format("is {:.10g}; expected at least 0.000001, a millionth of an H100e-hour, "
                           "which is the smallest unit, and at most {:g}",
                           budget.h100e_hours, kMostBudgetHours));
    }
    if (budget.per == HoursBudget::Per::kTerm) CheckTerm(budget);
    return std::move(violations_);
  }

 private:
  void Complain(const char* key, std::string message) {
    violations_.push_back({fmt::format("{}.{}", path_, key), std::move(message)});
  }

  void CheckTerm(const HoursBudget& budget) {
    CheckFullHour("from", budget.from_unix_nanos);
    CheckFullHour("to", budget.to_unix_nanos);
    if (budget.from_unix_nanos < budget.to_unix_nanos) return;
    Complain("to", "is not after from; expected a time that ends after it begins");
  }

  void CheckFullHour(const char* key, int64_t unix_nanos) {
    if (unix_nanos % kNanosPerHour == 0) return;
    Complain(key, "is within an hour; expected a full hour of UTC, which is how usage is kept");
  }

  const std::string path_;
  std::vector<Violation> violations_;
};

void Append(std::vector<Violation> found, std::vector<Violation>* all) {
  for (Violation& violation : found) all->push_back(std::move(violation));
}

}  // namespace

std::vector<Violation> CheckBudgets(const PoolDocument& pool, const std::string& path) {
  std::vector<Violation> violations;
  if (pool.budget) Append(BudgetCheck(path + ".budget").Run(*pool.budget), &violations);
  for (const auto& [team, budget] : pool.team_budgets) {
    const std::string at = fmt::format("{}.team_budgets.{}", path, team);
    if (std::find(pool.teams.begin(), pool.teams.end(), team) == pool.teams.end()) {
      violations.push_back(
          {at, fmt::format("\"{}\" is not a team of the pool{}; expected one of {}", team,
                           DidYouMeanText(team, pool.teams),
                           fmt::join(NearestNames(team, pool.teams, kMostNames), ", "))});
    }
    Append(BudgetCheck(at).Run(budget), &violations);
  }
  return violations;
}

}  // namespace fleetmeter
