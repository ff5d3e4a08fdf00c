// What holds of all assumptions, of thousands made by chance. A failure names its seed:
// FLEETMETER_SEED=N runs that one alone.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "daemon/config/load_config.h"
#include "daemon/domain/framework/compile.h"
#include "daemon/domain/framework/economics.h"
#include "daemon/domain/framework/scenario.h"
#include "daemon/domain/framework/simulation.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/config_files.h"
#include "tests/unit/domain/framework/random_assumptions.h"

namespace fleetmeter::framework {
namespace {

using testing::HasSubstr;

constexpr uint64_t kSeeds = 3'000;
constexpr double kRounding = 1e-9;  // of the supply

// Runs `check` with each seed, or with the one that is asked for; stops at the first failure.
void ForSeeds(const std::function<void(Chance&)>& check) {
  const char* only = std::getenv("FLEETMETER_SEED");
  const uint64_t first = only == nullptr ? 1 : std::strtoull(only, nullptr, 10);
  const uint64_t last = only == nullptr ? kSeeds : first;
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(fmt::format("FLEETMETER_SEED={}", seed));
    Chance chance(seed);
    check(chance);
    if (testing::Test::HasFailure()) return;
  }
}

bool OneSeedOnly() { return std::getenv("FLEETMETER_SEED") != nullptr; }

double Sum(const CategoryHours& hours) {
  double sum = 0;
  for (const auto& [category, of_category] : hours) sum += of_category;
  return sum;
}

void CheckAllocation(const Allocation& a) {
  const double tolerance = kRounding * a.supply_hours;
  double tiers = 0;
  for (const auto& [tier, hours] : a.tiers) {
    EXPECT_GE(hours, 0) << Name(tier);
    tiers += hours;
  }
  EXPECT_NEAR(tiers, a.supply_hours, tolerance) << "tiers make the supply";
  EXPECT_NEAR(Sum(a.p1), a.tiers.at(Tier::kP1), tolerance) << "categories make p1";
  EXPECT_NEAR(Sum(a.p2) + a.unallocated_hours(), a.tiers.at(Tier::kP2), tolerance);
  EXPECT_GE(a.unallocated_hours(), -tolerance) << "p2 holds what it is said to";
  double shares = a.Share(a.tiers.at(Tier::kBuffer)) + a.Share(a.unallocated_hours());
  for (const Category category : kCategories) {
    EXPECT_GE(a.Of(category), 0) << Name(category);
    shares += a.Share(a.Of(category));
  }
  EXPECT_NEAR(shares, 1, kRounding) << "shares make one";
}

TEST(FrameworkProperties, EveryScenarioSharesOutTheSupplyOrSaysByHowMuchItDoesNotFit) {
  int fit = 0, refused = 0;
  ForSeeds([&](Chance& chance) {
    const Assumptions assumptions = chance.MakeAssumptions();
    for (const Scenario& scenario : assumptions.scenarios) {
      const auto allocation = Allocate(assumptions, scenario.name);
      if (allocation.ok()) {
        ++fit;
        CheckAllocation(*allocation);
      } else {
        ++refused;
        EXPECT_THAT(std::string(allocation.status().message()), HasSubstr(" hours"));
        EXPECT_THAT(std::string(allocation.status().message()), HasSubstr("too much"));
      }
    }
  });
  if (OneSeedOnly()) return;
  EXPECT_GT(fit, 1'000) << "chance must make enough of both";
  EXPECT_GT(refused, 1'000);
}

TEST(FrameworkProperties, AnHourEarnsNoLessAtMoreUtilizationOnEveryCurve) {
  ForSeeds([](Chance& chance) {
    const Assumptions assumptions = chance.MakeAssumptions();
    const RevenueModel model(assumptions);
    for (const auto& [name, curve] : assumptions.revenue.curves) {
      EXPECT_EQ(model.UsdPerH100Hour(0, name), 0) << name;
      double before = 0;
      for (int percent = 1; percent <= 100; ++percent) {
        const double usd = model.UsdPerH100Hour(percent / 100.0, name);
        EXPECT_GT(usd, 0) << name << " at " << percent;
        EXPECT_GE(usd, before * (1 - 1e-12)) << name << " at " << percent;
        before = usd;
      }
    }
    if (const auto given = assumptions.revenue.usd_per_h100_hour) {
      EXPECT_NEAR(UsdPerH100Hour(assumptions), *given, *given * 1e-12);
    }
  });
}

TEST(FrameworkProperties, HoursSolvedForARevenueEarnIt) {
  int solved = 0;
  ForSeeds([&](Chance& chance) {
    Assumptions assumptions = chance.MakeAssumptions();
    // A part of what all of p2 could earn.
    const double p2 =
        WorkOutSupply(assumptions).h100e_hours * (1 - assumptions.p0 - assumptions.buffer);
    const double target = chance.Between(0, 0.999) * p2 * UsdPerH100Hour(assumptions);
    assumptions.scenarios = {
        {.name = "one",
         .title = "",
         .p1 = {},
         .p2 = {{Category::kInference, RevenueTarget{target}}, {Category::kResearch, Rest{}}}}};
    const auto allocation = Allocate(assumptions, "one");
    ASSERT_TRUE(allocation.ok()) << allocation.status();
    const Outcome outcome = OutcomeOf(assumptions, *allocation, 0);
    EXPECT_NEAR(outcome.serviceable_revenue_usd, target, target * 1e-12);
    EXPECT_EQ(outcome.training_ratio, std::nullopt);
    ++solved;
  });
  EXPECT_GT(solved, 0);
}

void CheckSimulation(const Changes& changes, const Baseline& baseline, const Simulation& s) {
  const double tolerance = kRounding * s.after.supply_hours;
  for (const auto& [category, hours] : s.after.hours) EXPECT_GE(hours, 0) << Name(category);
  EXPECT_LE(Sum(s.after.hours), s.after.budget_hours() + tolerance) << "the budget holds";
  for (const auto& [category, share] : changes.shares) {
    EXPECT_NEAR(s.after.Share(s.after.hours.at(category)), share, kRounding) << Name(category);
  }
  for (const Category category : changes.held) {
    EXPECT_EQ(s.after.hours.at(category), baseline.allocation.Of(category)) << Name(category);
  }
  if (changes.revenue_usd) {
    EXPECT_NEAR(s.outcome_after.serviceable_revenue_usd, *changes.revenue_usd,
                *changes.revenue_usd * 1e-9);
  } else if (changes.mode == Mode::kFreeCapacity) {
    const double was = s.outcome_before.serviceable_revenue_usd;
    EXPECT_NEAR(s.outcome_after.serviceable_revenue_usd, was, was * 1e-9) << "revenue stays";
  }
  const bool all_named = std::all_of(kShared.begin(), kShared.end(), [&](Category category) {
    return changes.shares.contains(category) || changes.held.contains(category) ||
           (category == Category::kInference && changes.revenue_usd);
  });
  const bool any_named = !changes.shares.empty() || !changes.held.empty() || changes.revenue_usd;
  if (changes.mode == Mode::kGrowRevenue && any_named && !all_named) {
    EXPECT_NEAR(s.after.unallocated_hours(), 0, tolerance) << "somebody gets the rest";
  }
  EXPECT_NEAR(s.forgone.revenue_usd,
              std::max(0.0, baseline.outcome.serviceable_revenue_usd -
                                s.outcome_after.serviceable_revenue_usd),
              1e-3);
  EXPECT_GE(s.forgone.training_hours, 0);
  EXPECT_GE(s.forgone.research_hours, 0);
}

TEST(FrameworkProperties, ASimulationKeepsToTheBudgetOrSaysByHowMuchItDoesNot) {
  int simulated = 0, too_much = 0, contradicting = 0;
  ForSeeds([&](Chance& chance) {
    const Assumptions assumptions = chance.MakeAssumptions();
    const auto baseline = MakeBaseline(assumptions);
    if (!baseline.ok()) return;
    const Position start = PositionOf(baseline->allocation, assumptions.revenue.utilization);
    const Changes changes = chance.MakeChanges(start.supply_hours);
    const auto simulation = Simulate(assumptions, start, *baseline, changes);
    if (simulation.ok()) {
      ++simulated;
      CheckSimulation(changes, *baseline, *simulation);
      return;
    }
    const std::string message(simulation.status().message());
    if (message.find("too much") != std::string::npos) {
      ++too_much;
      EXPECT_THAT(message, HasSubstr("does not fit"));
      EXPECT_THAT(message, HasSubstr("% of the supply)"));
    } else {
      ++contradicting;
      EXPECT_THAT(message, HasSubstr("expected one of "));
    }
  });
  if (OneSeedOnly()) return;
  EXPECT_GT(simulated, 300);
  EXPECT_GT(too_much, 100);
  EXPECT_GT(contradicting, 100);
}

TEST(FrameworkProperties, ACompiledPlanLoadsAndItsPoolsHoldWhatTheScenarioGives) {
  const TempFolder folder;
  const auto catalog = LoadCatalog(folder.Write("catalog.yaml", kRandomCatalogYaml));
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  int compiled = 0;
  ForSeeds([&](Chance& chance) {
    const Assumptions assumptions = chance.MakeAssumptions();
    const auto allocation = Allocate(assumptions, "two");
    if (!allocation.ok()) return;
    ++compiled;
    const auto document = CompileScenario(assumptions, "two");
    ASSERT_TRUE(document.ok()) << document.status();
    const std::string yaml = PlanYaml(*document);
    const auto plan = ReadPlan("compiled", yaml, *catalog);
    ASSERT_TRUE(plan.ok()) << plan.status() << "\n" << yaml;
    EXPECT_EQ(plan->tier_shares, document->tier_shares) << "every digit";
    EXPECT_EQ(plan->category_shares, document->category_shares);
    EXPECT_EQ(plan->effective_from_unix_nanos, assumptions.effective_from_unix_nanos);
    ASSERT_EQ(plan->pools.size(), assumptions.pools.size());
    std::map<std::pair<Category, Tier>, double> held;
    for (size_t i = 0; i < plan->pools.size(); ++i) {
      const Pool& pool = plan->pools[i];
      EXPECT_EQ(pool.owner, assumptions.pools[i].owner);
      EXPECT_EQ(pool.teams, assumptions.pools[i].teams);
      EXPECT_EQ(pool.policy.borrowing_limit_h100e,
                assumptions.pools[i].policy.borrowing_limit_h100e);
      held[{pool.category, pool.tier}] += pool.allocated_h100e / plan->supply_h100e;
    }
    const auto held_by = [&](Category category, Tier tier) { return held[{category, tier}]; };
    for (const Category category : kShared) {
      EXPECT_NEAR(held_by(category, Tier::kP1), allocation->Share(allocation->p1.at(category)),
                  kRounding);
      EXPECT_NEAR(held_by(category, Tier::kP2), allocation->Share(allocation->p2.at(category)),
                  kRounding);
    }
    EXPECT_NEAR(held_by(Category::kSafety, Tier::kP0),
                allocation->Share(allocation->tiers.at(Tier::kP0)), kRounding);
  });
  if (OneSeedOnly()) return;
  EXPECT_GT(compiled, 500);
}

}  // namespace
}  // namespace fleetmeter::framework
