#include "daemon/serve/query/budget_answers.h"

#include <utility>
#include <vector>

#include "daemon/domain/capacity/plan_budgets.h"
#include "daemon/serve/query/capacity_messages.h"
#include "daemon/serve/query/untold_messages.h"
#include "daemon/view/budget_review.h"

namespace fleetmeter {
namespace {

constexpr size_t kMostUntoldOfBudget = 20;
constexpr double kMicroHours = 1e6;

void FillBudget(const BudgetReview& review, v1::CapacityBudget& to) {
  const capacity::Budget& budget = review.budget;
  to.set_pool(budget.pool);
  to.set_team(budget.team);
  to.set_h100e_hours(static_cast<double>(budget.micro_h100e_hours) / kMicroHours);
  to.set_from_unix_seconds(budget.from_unix_seconds);
  to.set_to_unix_seconds(budget.to_unix_seconds);
  const capacity::BudgetPace& pace = review.pace;
  if (review.IsUsedKnown()) to.set_used_h100e_hours(pace.used_h100e_hours);
  if (pace.left_h100e_hours) to.set_left_h100e_hours(*pace.left_h100e_hours);
  if (pace.untold_h100e_hours) to.set_untold_h100e_hours(*pace.untold_h100e_hours);
  if (pace.pace_ratio) to.set_pace_ratio(*pace.pace_ratio);
  if (pace.projected_h100e_hours) to.set_projected_h100e_hours(*pace.projected_h100e_hours);
  if (pace.gone_unix_seconds) to.set_gone_unix_seconds(*pace.gone_unix_seconds);
  to.set_told_seconds(review.use.told_seconds);
  to.set_elapsed_seconds(review.use.elapsed_seconds);
  FillUntold(review.untold, kMostUntoldOfBudget, to.mutable_untold());
}

}  // namespace

absl::Status AnswerBudgets(Database& ledger, const CapacityMoment& moment,
                           const v1::ListBudgetsRequest& request, const PoolSight& sight,
                           v1::ListBudgetsResponse* response) {
  std::vector<capacity::Budget> budgets =
      capacity::BudgetsOf(moment.plan(), moment.now_unix_seconds());
  std::erase_if(budgets, [&](const capacity::Budget& budget) {
    return !sight.Sees(budget.pool) || (!request.pool().empty() && budget.pool != request.pool());
  });
  const auto reviews = ReviewBudgets(ledger, budgets, moment.now_unix_seconds());
  if (!reviews.ok()) return reviews.status();
  FillBasis(moment, response->mutable_basis());
  for (const BudgetReview& review : *reviews) FillBudget(review, *response->add_budgets());
  return absl::OkStatus();
}

}  // namespace fleetmeter
