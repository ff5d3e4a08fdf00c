// What changes from one plan to another. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/fleet/plan.h"
#include "daemon/domain/framework/scenario.h"

namespace fleetmeter::ctl {

// One side: a plan, and where it is a scenario what that earns, trains and leaves for research.
struct PlanSide {
  std::string label;  // as it was asked for
  Plan plan;
  std::optional<framework::Outcome> outcome;
};

// What a tier, a category or a pool has: nothing where the side does not know it.
struct Holding {
  double h100e = 0;
  double share_ratio = 0;  // of the side's supply
};

struct ShareChange {
  std::string name;
  std::optional<Holding> a;
  std::optional<Holding> b;
};

struct PoolChange {
  std::string name;
  std::optional<Holding> a;
  std::optional<Holding> b;
  // Of both sides: "tier", "category", "owner", "contact", "teams", "policy", "budgets".
  std::vector<std::string> differs;

  // "added", "removed", "changed" or "same".
  std::string Kind() const;
};

struct PlanDiff {
  PlanSide a;
  PlanSide b;
  std::vector<ShareChange> tiers;
  std::vector<ShareChange> categories;
  std::vector<PoolChange> pools;  // of A in its order, then those that only B has

  // No tier, category or pool differs, and the supply is the same.
  bool Same() const;
};

PlanDiff Diff(PlanSide a, PlanSide b);

}  // namespace fleetmeter::ctl
