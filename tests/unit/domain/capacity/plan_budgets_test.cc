#include "daemon/domain/capacity/plan_budgets.h"

#include "daemon/base/units.h"
#include "gtest/gtest.h"

namespace fleetmeter::capacity {
namespace {

constexpr int64_t kNewYear = 1'767'225'600;  // 2026-01-01
constexpr int64_t kFebruary = kNewYear + 31 * kSecondsPerDay;
constexpr int64_t kMarch = kFebruary + 28 * kSecondsPerDay;
constexpr int64_t kApril = kMarch + 31 * kSecondsPerDay;

Plan PlanOf(std::vector<Pool> pools) {
  Plan plan;
  plan.pools = std::move(pools);
  return plan;
}

Pool PoolWith(HoursBudget budget) {
  Pool pool;
  pool.name = "lab";
  pool.budget = budget;
  return pool;
}

TEST(BudgetsOf, GivesTheMonthAndTheQuarterThatHoldTheMoment) {
  const auto times = [](HoursBudget::Per per, int64_t now) {
    const Budget budget = BudgetsOf(PlanOf({PoolWith({10, per, 0, 0})}), now).at(0);
    return std::pair(budget.from_unix_seconds, budget.to_unix_seconds);
  };
  using enum HoursBudget::Per;
  EXPECT_EQ(times(kMonth, kFebruary), std::pair(kFebruary, kMarch));
  EXPECT_EQ(times(kMonth, kFebruary - 1), std::pair(kNewYear, kFebruary));
  EXPECT_EQ(times(kQuarter, kApril - 1), std::pair(kNewYear, kApril));
  EXPECT_EQ(times(kQuarter, kNewYear).first, kNewYear);
  EXPECT_EQ(times(kQuarter, kApril).first, kApril);
}

TEST(BudgetsOf, GivesATermWhetherItIsToComeOrOver) {
  const HoursBudget term = {.h100e_hours = 1.5,
                            .per = HoursBudget::Per::kTerm,
                            .from_unix_nanos = kNewYear * kNanosPerSecond,
                            .to_unix_nanos = kFebruary * kNanosPerSecond};
  for (const int64_t now : {kNewYear - 1, kNewYear, kApril}) {
    const Budget budget = BudgetsOf(PlanOf({PoolWith(term)}), now).at(0);
    EXPECT_EQ(budget.from_unix_seconds, kNewYear);
    EXPECT_EQ(budget.to_unix_seconds, kFebruary);
    EXPECT_EQ(budget.micro_h100e_hours, 1'500'000);
  }
}

TEST(BudgetsOf, PutsThatOfAPoolBeforeThoseOfItsTeams) {
  Pool lab = PoolWith({10, HoursBudget::Per::kMonth, 0, 0});
  lab.team_budgets["b"] = {2, HoursBudget::Per::kMonth, 0, 0};
  lab.team_budgets["a"] = {1, HoursBudget::Per::kMonth, 0, 0};
  Pool other;
  other.name = "other";
  Pool serving;
  serving.name = "serving";
  serving.team_budgets["api"] = {3, HoursBudget::Per::kMonth, 0, 0};
  std::vector<std::string> names;
  for (const Budget& budget : BudgetsOf(PlanOf({lab, other, serving}), kNewYear)) {
    names.push_back(budget.pool + "/" + budget.team);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"lab/", "lab/a", "lab/b", "serving/api"}));
}

}  // namespace
}  // namespace fleetmeter::capacity
