#include "daemon/serve/query/plan_message.h"

#include <string>
#include <string_view>

#include "daemon/base/units.h"

namespace fleetmeter {
namespace {

void AddShare(std::string_view name, double ratio, double supply_h100e, v1::Share& out) {
  out.set_name(std::string(name));
  out.set_share_ratio(ratio);
  out.set_h100e(ratio * supply_h100e);
}

void FillBudget(const HoursBudget& from, const std::string& team, v1::PlannedBudget& to) {
  to.set_team(team);
  to.set_h100e_hours(from.h100e_hours);
  to.set_per(std::string(Name(from.per)));
  to.set_from_unix_seconds(from.from_unix_nanos / kNanosPerSecond);
  to.set_to_unix_seconds(from.to_unix_nanos / kNanosPerSecond);
}

void FillBudgets(const Pool& from, v1::PlannedPool& to) {
  if (from.budget) FillBudget(*from.budget, "", *to.mutable_budget());
  for (const auto& [team, budget] : from.team_budgets) {
    FillBudget(budget, team, *to.add_team_budgets());
  }
}

}  // namespace

void FillPlan(const Plan& plan, v1::GetPlanResponse* response) {
  response->set_supply_h100e(plan.supply_h100e);
  for (const auto& [tier, ratio] : plan.tier_shares) {
    AddShare(Name(tier), ratio, plan.supply_h100e, *response->add_tiers());
  }
  for (const auto& [category, ratio] : plan.category_shares) {
    AddShare(Name(category), ratio, plan.supply_h100e, *response->add_categories());
  }
  for (const Pool& from : plan.pools) {
    v1::PlannedPool& to = *response->add_pools();
    to.set_pool(from.name);
    to.set_category(std::string(Name(from.category)));
    to.set_tier(std::string(Name(from.tier)));
    to.set_owner(from.owner);
    to.set_contact(from.contact);
    for (const std::string& team : from.teams) to.add_teams(team);
    to.set_allocated_h100e(from.allocated_h100e);
    to.set_lendable_ratio(from.policy.lendable_ratio);
    if (from.policy.borrowing_limit_h100e) {
      to.set_borrowing_limit_h100e(*from.policy.borrowing_limit_h100e);
    }
    FillBudgets(from, to);
  }
}

}  // namespace fleetmeter
