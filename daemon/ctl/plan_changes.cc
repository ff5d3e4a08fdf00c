#include "daemon/ctl/plan_changes.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fleetmeter::ctl {
namespace {

// A change is more than rounding: this part of a value.
constexpr double kTolerance = 1e-12;

bool Equal(double a, double b) {
  return std::abs(a - b) <= kTolerance * std::max(std::abs(a), std::abs(b));
}

bool Equal(const std::optional<Holding>& a, const std::optional<Holding>& b) {
  if (!a || !b) return !a && !b;
  return Equal(a->h100e, b->h100e) && Equal(a->share_ratio, b->share_ratio);
}

template <class Kind>
std::optional<Holding> HoldingOf(const std::map<Kind, double>& shares, Kind kind,
                                 double supply_h100e) {
  const auto found = shares.find(kind);
  if (found == shares.end()) return std::nullopt;
  return Holding{.h100e = found->second * supply_h100e, .share_ratio = found->second};
}

std::optional<Holding> HoldingOf(const Pool* pool, double supply_h100e) {
  if (pool == nullptr) return std::nullopt;
  return Holding{.h100e = pool->allocated_h100e,
                 .share_ratio = supply_h100e > 0 ? pool->allocated_h100e / supply_h100e : 0};
}

bool SamePolicy(const LendingPolicy& a, const LendingPolicy& b) {
  return a.lendable_ratio == b.lendable_ratio && a.borrowing_limit_h100e == b.borrowing_limit_h100e;
}

bool SameBudgets(const Pool& a, const Pool& b) {
  return a.budget == b.budget && a.team_budgets == b.team_budgets;
}

PoolChange ChangeOf(const Plan& a, const Plan& b, const std::string& name) {
  const Pool* in_a = a.FindPool(name);
  const Pool* in_b = b.FindPool(name);
  PoolChange change{.name = name,
                    .a = HoldingOf(in_a, a.supply_h100e),
                    .b = HoldingOf(in_b, b.supply_h100e),
                    .differs = {}};
  if (in_a == nullptr || in_b == nullptr) return change;
  if (in_a->tier != in_b->tier) change.differs.emplace_back("tier");
  if (in_a->category != in_b->category) change.differs.emplace_back("category");
  if (in_a->owner != in_b->owner) change.differs.emplace_back("owner");
  if (in_a->contact != in_b->contact) change.differs.emplace_back("contact");
  if (in_a->teams != in_b->teams) change.differs.emplace_back("teams");
  if (!SamePolicy(in_a->policy, in_b->policy)) change.differs.emplace_back("policy");
  if (!SameBudgets(*in_a, *in_b)) change.differs.emplace_back("budgets");
  return change;
}

template <class Kind, class Kinds>
std::vector<ShareChange> ChangesOf(const Kinds& kinds, const std::map<Kind, double>& a,
                                   double a_supply, const std::map<Kind, double>& b,
                                   double b_supply) {
  std::vector<ShareChange> changes;
  for (const Kind kind : kinds) {
    const auto in_a = HoldingOf(a, kind, a_supply);
    const auto in_b = HoldingOf(b, kind, b_supply);
    if (in_a || in_b) changes.push_back({.name = std::string(Name(kind)), .a = in_a, .b = in_b});
  }
  return changes;
}

}  // namespace

std::string PoolChange::Kind() const {
  if (!a) return "added";
  if (!b) return "removed";
  return Equal(a, b) && differs.empty() ? "same" : "changed";
}

bool PlanDiff::Same() const {
  const auto same = [](const ShareChange& change) { return Equal(change.a, change.b); };
  return Equal(a.plan.supply_h100e, b.plan.supply_h100e) &&
         std::all_of(tiers.begin(), tiers.end(), same) &&
         std::all_of(categories.begin(), categories.end(), same) &&
         std::all_of(pools.begin(), pools.end(),
                     [](const PoolChange& change) { return change.Kind() == "same"; });
}

PlanDiff Diff(PlanSide a, PlanSide b) {
  PlanDiff diff;
  const Plan& from = a.plan;
  const Plan& to = b.plan;
  diff.tiers =
      ChangesOf(kTiers, from.tier_shares, from.supply_h100e, to.tier_shares, to.supply_h100e);
  diff.categories = ChangesOf(kCategories, from.category_shares, from.supply_h100e,
                              to.category_shares, to.supply_h100e);
  for (const Pool& pool : from.pools) diff.pools.push_back(ChangeOf(from, to, pool.name));
  for (const Pool& pool : to.pools) {
    if (from.FindPool(pool.name) == nullptr) diff.pools.push_back(ChangeOf(from, to, pool.name));
  }
  diff.a = std::move(a);
  diff.b = std::move(b);
  return diff;
}

}  // namespace fleetmeter::ctl
