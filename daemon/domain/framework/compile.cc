#include "daemon/domain/framework/compile.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/text.h"
#include "daemon/domain/framework/economics.h"
#include "daemon/domain/framework/scenario.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter::framework {
namespace {

constexpr double kMaxChips = 1e9;  // of one kind, in a plan's file

// The tier whose hours a pool shares.
absl::StatusOr<Tier> TierOf(const PoolTemplate& pool, const Allocation& allocation) {
  if (pool.category == Category::kSafety) return Tier::kP0;
  if (pool.tier) return *pool.tier;
  const bool in_p1 = allocation.p1.at(pool.category) > 0;
  const bool in_p2 = allocation.p2.at(pool.category) > 0;
  if (in_p1 && in_p2) {
    return absl::InvalidArgumentError(fmt::format(
        "pools.{}: {} has hours in p1 and in p2 of scenario {}; expected a tier for the pool",
        pool.name, Name(pool.category), allocation.scenario));
  }
  return in_p1 ? Tier::kP1 : Tier::kP2;
}

double HoursIn(const Allocation& allocation, Category category, Tier tier) {
  if (tier == Tier::kP0) return allocation.tiers.at(Tier::kP0);
  return (tier == Tier::kP1 ? allocation.p1 : allocation.p2).at(category);
}

// A sum of shares may be over 100% by a rounding error; a plan's may not.
double Share(const Allocation& allocation, double hours) {
  return std::min(1.0, std::max(0.0, allocation.Share(hours)));
}

absl::Status AddPools(const Assumptions& assumptions, const Allocation& allocation,
                      PlanDocument* plan) {
  std::map<std::pair<Category, Tier>, double> given;
  for (const PoolTemplate& from : assumptions.pools) {
    const auto tier = TierOf(from, allocation);
    if (!tier.ok()) return tier.status();
    double& sum = given[{from.category, *tier}];
    sum += from.share;
    if (sum > 1 + kShareTolerance) {
      return absl::InvalidArgumentError(
          fmt::format("pools.{}: brings the pools of {} in {} to {:.9g}%; expected at most 100%",
                      from.name, Name(from.category), Name(*tier), sum * 100));
    }
    const double share = Share(allocation, from.share * HoursIn(allocation, from.category, *tier));
    plan->pools.push_back({.name = from.name,
                           .category = from.category,
                           .tier = *tier,
                           .owner = from.owner,
                           .contact = from.contact,
                           .teams = from.teams,
                           .allocation = ShareAllocation{share},
                           .policy = from.policy,
                           .budget = from.budget,
                           .team_budgets = from.team_budgets});
  }
  return absl::OkStatus();
}

// Text as a YAML scalar in double quotes.
std::string Scalar(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// A name as it is, unless YAML takes it for nothing.
std::string NameScalar(const std::string& name) {
  const bool nothing = name == "null" || name == "Null" || name == "NULL";
  return nothing ? Scalar(name) : name;
}

std::string TimeYaml(int64_t unix_nanos) {
  return absl::FormatTime(absl::RFC3339_full, absl::FromUnixNanos(unix_nanos), absl::UTCTimeZone());
}

std::string BudgetYaml(const HoursBudget& budget) {
  if (budget.per != HoursBudget::Per::kTerm) {
    return fmt::format("{{h100e_hours: {}, per: {}}}", budget.h100e_hours, Name(budget.per));
  }
  return fmt::format("{{h100e_hours: {}, from: {}, to: {}}}", budget.h100e_hours,
                     TimeYaml(budget.from_unix_nanos), TimeYaml(budget.to_unix_nanos));
}

std::string BudgetsYaml(const PoolDocument& pool) {
  std::string out;
  if (pool.budget) out += fmt::format("    budget: {}\n", BudgetYaml(*pool.budget));
  if (pool.team_budgets.empty()) return out;
  out += "    team_budgets:\n";
  for (const auto& [team, budget] : pool.team_budgets) {
    out += fmt::format("      {}: {}\n", NameScalar(team), BudgetYaml(budget));
  }
  return out;
}

std::string PoolYaml(const PoolDocument& pool) {
  std::vector<std::string> teams;
  for (const std::string& team : pool.teams) teams.push_back(NameScalar(team));
  std::string out = fmt::format(
      "  - name: {}\n    category: {}\n    tier: {}\n    owner: {}\n    contact: {}\n"
      "    teams: [{}]\n",
      NameScalar(pool.name), Name(pool.category), Name(pool.tier), Scalar(pool.owner),
      Scalar(pool.contact), fmt::join(teams, ", "));
  if (const auto* share = std::get_if<ShareAllocation>(&pool.allocation)) {
    out += fmt::format("    allocation: {{share: {}}}\n", share->ratio);
  } else if (const auto* chips = std::get_if<ChipAllocation>(&pool.allocation)) {
    out += fmt::format("    allocation: {{chips: {}{}}}\n", chips->chips,
                       chips->chip.empty() ? "" : ", chip: " + NameScalar(chips->chip));
  } else {
    out += fmt::format("    allocation: {{h100e: {}}}\n",
                       std::get<AbsoluteAllocation>(pool.allocation).h100e);
  }
  out += fmt::format("    policy: {{lendable: {}", pool.policy.lendable_ratio);
  if (const auto& limit = pool.policy.borrowing_limit_h100e) {
    out += fmt::format(", borrowing_limit_h100e: {}", *limit);
  }
  return out + "}\n" + BudgetsYaml(pool);
}

template <class Shares>
std::string SharesYaml(std::string_view key, const Shares& shares) {
  std::vector<std::string> parts;
  for (const auto& [kind, share] : shares)
    parts.push_back(fmt::format("{}: {}", Name(kind), share));
  return fmt::format("{}: {{{}}}\n", key, fmt::join(parts, ", "));
}

}  // namespace

absl::StatusOr<PlanDocument> CompileScenario(const Assumptions& assumptions,
                                             std::string_view scenario) {
  if (assumptions.pools.empty()) {
    return absl::InvalidArgumentError("there are no pools; expected a section pools to share out");
  }
  const auto allocation = Allocate(assumptions, scenario);
  if (!allocation.ok()) return allocation.status();
  PlanDocument plan;
  plan.name = allocation->scenario;
  plan.version = assumptions.version;
  plan.scenario =
      fmt::format("{} ({} version {})", allocation->title, assumptions.name, assumptions.version);
  plan.effective_from_unix_nanos = assumptions.effective_from_unix_nanos;
  const SupplyTable supply = WorkOutSupply(assumptions);
  for (const SupplyRow& row : supply.rows) {
    if (!(row.chips <= kMaxChips)) {
      return absl::InvalidArgumentError(
          fmt::format("supply.{}: comes to {} chips; expected at most {}, as many as a plan holds",
                      row.item->chip, HoursText(row.chips), HoursText(kMaxChips)));
    }
    plan.supply.push_back({.chip = row.item->chip, .chips = std::llround(row.chips)});
  }
  for (const auto& [tier, hours] : allocation->tiers) {
    plan.tier_shares[tier] = Share(*allocation, hours);
  }
  for (const Category category : kCategories) {
    plan.category_shares[category] = Share(*allocation, allocation->Of(category));
  }
  if (absl::Status status = AddPools(assumptions, *allocation, &plan); !status.ok()) return status;
  return plan;
}

std::string PlanYaml(const PlanDocument& plan) {
  std::string out = fmt::format(
      "plan: {}\nversion: {}\nscenario: {}\neffective_from: {}\nsupply:\n", NameScalar(plan.name),
      plan.version, Scalar(plan.scenario), TimeYaml(plan.effective_from_unix_nanos));
  for (const DeclaredSupply& supply : plan.supply) {
    out += fmt::format("  - {{chip: {}, chips: {}}}\n", NameScalar(supply.chip), supply.chips);
  }
  if (plan.has_tiers) out += SharesYaml("tiers", plan.tier_shares);
  if (plan.has_categories) out += SharesYaml("categories", plan.category_shares);
  out += "pools:\n";
  for (const PoolDocument& pool : plan.pools) out += PoolYaml(pool);
  return out;
}

}  // namespace fleetmeter::framework
