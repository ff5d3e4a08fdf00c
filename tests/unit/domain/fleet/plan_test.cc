#include "daemon/domain/fleet/plan.h"

#include <cmath>
#include <random>

#include "daemon/base/units.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

ChipKind KindOf(std::string name, std::vector<Conversion> conversions) {
  return {.name = std::move(name),
          .provider = "aws",
          .title = "A chip",
          .conversions = std::move(conversions),
          .micro_usd_per_chip_hour = std::nullopt,
          .peak_flops = {}};
}

Conversion Since(int64_t nanos, Ratio ratio) {
  return {.effective_from_unix_nanos = nanos,
          .chips_per_h100e = ratio,
          .by_workload_type = {},
          .basis = "test"};
}

const Catalog& TestCatalog() {
  static const Catalog catalog(1, {KindOf("h100", {Since(0, {1, 1})}),
                                   KindOf("trainium2", {Since(0, {3, 2}), Since(1'000, {2, 1})})});
  return catalog;
}

PoolDocument PoolOf(std::string name, Category category, Tier tier, double share) {
  PoolDocument pool;
  pool.name = std::move(name);
  pool.category = category;
  pool.tier = tier;
  pool.teams = {"a", "b"};
  pool.allocation = ShareAllocation{share};
  return pool;
}

// 1,000 H100e in the shares of the framework's recommendation.
PlanDocument Document() {
  PlanDocument document;
  document.name = "test";
  document.version = 3;
  document.scenario = "1";
  document.supply = {{"h100", 1'000}};
  document.tier_shares = {{Tier::kP0, 0.10}, {Tier::kP2, 0.75}, {Tier::kBuffer, 0.15}};
  document.category_shares = {{Category::kInference, 0.20},
                              {Category::kTraining, 0.18},
                              {Category::kResearch, 0.37},
                              {Category::kSafety, 0.10}};
  document.pools = {PoolOf("safety", Category::kSafety, Tier::kP0, 0.10),
                    PoolOf("serving", Category::kInference, Tier::kP2, 0.20),
                    PoolOf("training", Category::kTraining, Tier::kP2, 0.18),
                    PoolOf("research", Category::kResearch, Tier::kP2, 0.37)};
  return document;
}

std::vector<Violation> Compile(const PlanDocument& document) {
  Plan plan;
  return CompilePlan(document, TestCatalog(), &plan);
}

testing::Matcher<const Violation&> At(const std::string& path, const std::string& message) {
  return AllOf(Field(&Violation::path, path), Field(&Violation::message, HasSubstr(message)),
               Field(&Violation::message, HasSubstr("; expected ")));
}

TEST(Names, OfTiersAndCategoriesReadBack) {
  for (const Tier tier : kTiers) EXPECT_EQ(ParseTier(Name(tier)), tier);
  for (const Category category : kCategories) EXPECT_EQ(ParseCategory(Name(category)), category);
  EXPECT_EQ(ParseTier("P0"), std::nullopt);
  EXPECT_EQ(ParseCategory(""), std::nullopt);
}

TEST(CompilePlan, TurnsSharesIntoH100eInTheFilesOrder) {
  PlanDocument document = Document();
  document.pools[1].allocation = AbsoluteAllocation{150.5};
  Plan plan;
  ASSERT_THAT(CompilePlan(document, TestCatalog(), &plan), IsEmpty());
  EXPECT_EQ(plan.name, "test");
  EXPECT_EQ(plan.version, 3u);
  EXPECT_EQ(plan.supply_h100e, 1'000);
  ASSERT_EQ(plan.pools.size(), 4u);
  for (const Pool& pool : plan.pools) EXPECT_EQ(plan.FindPool(pool.name), &pool);
  EXPECT_EQ(plan.FindPool("none"), nullptr);
  EXPECT_DOUBLE_EQ(plan.pools[0].allocated_h100e, 100);
  EXPECT_EQ(plan.pools[1].allocated_h100e, 150.5);
  EXPECT_EQ(plan.pools[3].name, "research");
  EXPECT_DOUBLE_EQ(plan.pools[3].allocated_h100e, 370);
}

TEST(CompilePlan, ConvertsTheSupplyAsOfItsEffectiveDate) {
  PlanDocument document = Document();
  document.supply = {{"trainium2", 900}, {"h100", 100}};
  Plan plan;
  ASSERT_THAT(CompilePlan(document, TestCatalog(), &plan), IsEmpty());
  EXPECT_EQ(plan.supply_h100e, 700);
  document.effective_from_unix_nanos = 1'000;
  ASSERT_THAT(CompilePlan(document, TestCatalog(), &plan), IsEmpty());
  EXPECT_EQ(plan.supply_h100e, 550);
}

TEST(CompilePlan, ReplacesWhatThePlanHeldBefore) {
  Plan plan;
  ASSERT_THAT(CompilePlan(Document(), TestCatalog(), &plan), IsEmpty());
  ASSERT_THAT(CompilePlan(Document(), TestCatalog(), &plan), IsEmpty());
  EXPECT_EQ(plan.pools.size(), 4u);
  EXPECT_EQ(plan.supply_h100e, 1'000);
}

TEST(CompilePlan, RefusesTierSharesAbove100Percent) {
  PlanDocument document = Document();
  document.tier_shares[Tier::kP1] = 0.05;
  EXPECT_THAT(Compile(document), ElementsAre(At("tiers", "105%")));
}

TEST(CompilePlan, RefusesCategorySharesThatEatTheBuffer) {
  PlanDocument document = Document();
  document.category_shares[Category::kResearch] = 0.40;
  EXPECT_THAT(Compile(document), ElementsAre(At("categories", "together 103%")));
}

TEST(CompilePlan, RefusesSharesThatAreNoShares) {
  for (const double share : {-0.01, 1.01, std::nan(""), HUGE_VAL}) {
    PlanDocument document = Document();
    document.tier_shares = {{Tier::kP0, share}};
    document.category_shares = {{Category::kSafety, share}};
    document.pools[0].allocation = ShareAllocation{share};
    EXPECT_THAT(Compile(document),
                testing::IsSupersetOf({At("tiers.p0", "is "), At("categories.safety", "is "),
                                       At("pools[0].allocation.share", "is ")}))
        << share;
  }
}

TEST(CompilePlan, RefusesAmountsBelowZeroOrWithoutBound) {
  for (const double amount : {-1.0, std::nan(""), HUGE_VAL}) {
    PlanDocument document = Document();
    document.pools[0].allocation = AbsoluteAllocation{amount};
    document.pools[1].policy = {.lendable_ratio = 2, .borrowing_limit_h100e = amount};
    EXPECT_THAT(Compile(document), ElementsAre(At("pools[0].allocation.h100e", "is "),
                                               At("pools[1].policy.lendable", "200%"),
                                               At("pools[1].policy.borrowing_limit_h100e", "is ")));
  }
}

TEST(CompilePlan, RefusesPoolsAboveTheirCategoryAndTierWithTheSums) {
  PlanDocument document = Document();
  document.pools[1].allocation = AbsoluteAllocation{251};
  EXPECT_THAT(Compile(document),
              ElementsAre(At("tiers.p2", "75% of 1000 H100e, but its pools are allocated 801"),
                          At("categories.inference", "allocated 251; expected at most 200")));
}

TEST(CompilePlan, RefusesPoolsOfACategoryWithoutAShare) {
  PlanDocument document = Document();
  document.category_shares.erase(Category::kTraining);
  EXPECT_THAT(Compile(document), ElementsAre(At("categories.training", "grants nothing")));
}

TEST(CompilePlan, RefusesPoolsInTheBuffer) {
  PlanDocument document = Document();
  document.pools[2].tier = Tier::kBuffer;
  EXPECT_THAT(Compile(document), ElementsAre(At("pools[2].tier", "is buffer")));
}

TEST(CompilePlan, RefusesPoolsAndTeamsNamedTwice) {
  PlanDocument document = Document();
  document.pools[3].name = "safety";
  document.pools[2].name = "";
  document.pools[1].teams = {"a", "b", "a"};
  EXPECT_THAT(Compile(document),
              ElementsAre(At("pools[1].teams[2]", "\"a\""), At("pools[2].name", "is empty"),
                          At("pools[3].name", "\"safety\"")));
}

TEST(CompilePlan, LetsATeamUseSeveralPools) {
  PlanDocument document = Document();
  for (PoolDocument& pool : document.pools) pool.teams = {"a"};
  EXPECT_THAT(Compile(document), IsEmpty());
}

TEST(CompilePlan, TakesBudgetsOfPoolsAndTeams) {
  using enum HoursBudget::Per;
  PlanDocument document = Document();
  document.pools[1].budget = HoursBudget{.h100e_hours = 5'000, .per = kQuarter};
  document.pools[1].team_budgets["b"] = {
      .h100e_hours = 0.5, .from_unix_nanos = kNanosPerHour, .to_unix_nanos = 2 * kNanosPerHour};
  Plan plan;
  ASSERT_THAT(CompilePlan(document, TestCatalog(), &plan), IsEmpty());
  EXPECT_EQ(plan.pools[1].budget, document.pools[1].budget);
  EXPECT_EQ(plan.pools[1].team_budgets, document.pools[1].team_budgets);
  EXPECT_EQ(plan.pools[0].budget, std::nullopt);
}

TEST(CompilePlan, RefusesBudgetsOfNothingOrOfNoAmount) {
  for (const double hours : {0.0, -1.0, 1e-9, std::nan(""), 2e12, HUGE_VAL}) {
    PlanDocument document = Document();
    document.pools[2].budget = HoursBudget{hours, HoursBudget::Per::kMonth, 0, 0};
    EXPECT_THAT(Compile(document),
                ElementsAre(At("pools[2].budget.h100e_hours", "expected at least 0.000001")));
  }
}

TEST(CompilePlan, RefusesBudgetsOfTeamsThatThePoolDoesNotHave) {
  PlanDocument document = Document();
  document.pools[0].teams = {"evals", "red-team"};
  document.pools[0].team_budgets["eval"] = HoursBudget{10, HoursBudget::Per::kMonth, 0, 0};
  EXPECT_THAT(Compile(document),
              ElementsAre(At("pools[0].team_budgets.eval",
                             "\"eval\" is not a team of the pool (did you mean evals?); expected "
                             "one of evals, red-team")));
}

TEST(CompilePlan, RefusesTermsOfBudgetsThatAreNone) {
  PlanDocument document = Document();
  document.pools[0].budget = HoursBudget{
      .h100e_hours = 1, .from_unix_nanos = kNanosPerHour, .to_unix_nanos = kNanosPerHour};
  EXPECT_THAT(Compile(document), ElementsAre(At("pools[0].budget.to", "is not after from")));
  document.pools[0].budget->from_unix_nanos = 1;
  document.pools[0].budget->to_unix_nanos = 2 * kNanosPerHour + 1;
  EXPECT_THAT(Compile(document), ElementsAre(At("pools[0].budget.from", "is within an hour"),
                                             At("pools[0].budget.to", "is within an hour")));
}

TEST(CompilePlan, RefusesSupplyItCannotConvertOrCount) {
  PlanDocument document = Document();
  document.supply = {{"h100", 10}, {"abacus", 5}, {"h100", 10}, {"trainium2", -1}};
  EXPECT_THAT(Compile(document),
              ElementsAre(At("supply[1].chip", "\"abacus\""), At("supply[2].chip", "twice"),
                          At("supply[3].chips", "is -1")));
}

TEST(CompilePlan, RefusesASupplyOfNothing) {
  PlanDocument document = Document();
  document.supply = {};
  EXPECT_THAT(Compile(document), ElementsAre(At("supply", "0 H100e")));
  document.supply = {{"h100", 0}};
  EXPECT_THAT(Compile(document), ElementsAre(At("supply", "0 H100e")));
}

// Decimal shares that add up to exactly 100% on paper need not do so in binary.
TEST(CompilePlan, AcceptsAnySplitOf100PercentAndRefusesOnePermyriadMore) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    PlanDocument document = Document();
    document.supply = {{"trainium2", std::uniform_int_distribution<int64_t>(1, 5'000'000)(random)}};
    document.tier_shares = {{Tier::kP2, 1.0}};
    document.category_shares = {{Category::kResearch, 1.0}};
    document.pools.clear();
    int left = 10'000;  // permyriads
    while (left > 0) {
      const int part = std::uniform_int_distribution<int>(1, left)(random) % 997 + 1;
      const int taken = std::min(part, left);
      left -= taken;
      document.pools.push_back(
          PoolOf(fmt::format("p{}", left), Category::kResearch, Tier::kP2, taken / 100.0 / 100));
    }
    EXPECT_THAT(Compile(document), IsEmpty()) << round;
    document.pools.push_back(PoolOf("more", Category::kResearch, Tier::kP2, 0.0001));
    EXPECT_THAT(Compile(document),
                ElementsAre(At("tiers.p2", "H100e"), At("categories.research", "H100e")));
  }
}

TEST(CompilePlan, AcceptsTierSharesThatAddUpTo100PercentInAnyOrder) {
  for (int p0 = 0; p0 <= 100; ++p0) {
    for (int p1 = 0; p0 + p1 <= 100; ++p1) {
      PlanDocument document = Document();
      document.pools.clear();
      const double buffer = (100 - p0 - p1) / 100.0;
      document.tier_shares = {
          {Tier::kP0, p0 / 100.0}, {Tier::kP1, p1 / 100.0}, {Tier::kBuffer, buffer}};
      document.category_shares = {{Category::kSafety, p0 / 100.0},
                                  {Category::kTraining, p1 / 100.0}};
      ASSERT_THAT(Compile(document), IsEmpty()) << p0 << " " << p1;
    }
  }
}

TEST(CompilePlan, ConvertsAllocatedChipsAsItConvertsTheSupply) {
  PlanDocument document = Document();
  document.supply = {{"h100", 700}, {"trainium2", 450}};  // 3 make 2 H100e: 300
  document.pools[1].allocation = ChipAllocation{150, "trainium2"};
  Plan plan;
  ASSERT_THAT(CompilePlan(document, TestCatalog(), &plan), IsEmpty());
  EXPECT_DOUBLE_EQ(plan.pools[1].allocated_h100e, 100);
  // Since this date on a trainium2 is worth less.
  document.effective_from_unix_nanos = 1'000;
  document.pools[1].allocation = ChipAllocation{150, "trainium2"};
  ASSERT_THAT(CompilePlan(document, TestCatalog(), &plan), IsEmpty());
  EXPECT_DOUBLE_EQ(plan.pools[1].allocated_h100e, 75);
}

TEST(CompilePlan, AsksForTheKindOfChipWhereTheSupplyHasSeveral) {
  PlanDocument document = Document();
  document.supply = {{"h100", 700}, {"trainium2", 450}};
  document.pools[1].allocation = ChipAllocation{10, ""};
  EXPECT_THAT(Compile(document), ElementsAre(At("pools[1].allocation", "one of h100, trainium2")));
}

TEST(CompilePlan, KeepsTheBufferOfAPlanWithoutCategories) {
  PlanDocument document = Document();
  document.has_categories = false;
  document.category_shares.clear();
  EXPECT_THAT(Compile(document), IsEmpty());
  document.tier_shares[Tier::kBuffer] = 0.16;
  document.tier_shares[Tier::kP2] = 0.74;
  EXPECT_THAT(Compile(document), ElementsAre(At("pools",
                                                "at most 840, the supply without the "
                                                "buffer")));
}

}  // namespace
}  // namespace fleetmeter
