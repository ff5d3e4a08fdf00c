#include "daemon/domain/fleet/plan_identity.h"

#include <algorithm>
#include <functional>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int64_t kKnownSince = 1'764'000'000'000'000'000;  // 2025-11-24 16:00:00 UTC

PoolDocument PoolNamed(std::string name) {
  PoolDocument pool;
  pool.name = std::move(name);
  pool.owner = "Someone";
  pool.contact = "#someone";
  pool.teams = {"red", "blue"};
  pool.allocation = AbsoluteAllocation{10};
  return pool;
}

PlanDocument SpringDocument() {
  PlanDocument document;
  document.name = "spring";
  document.version = 5;
  document.scenario = "growth";
  document.supply = {{"h100", 100}, {"a100", 50}};
  document.tier_shares = {{Tier::kP2, 0.9}};
  document.category_shares = {{Category::kResearch, 0.9}};
  document.pools = {PoolNamed("alpha"), PoolNamed("beta")};
  return document;
}

TEST(ContentDigest, IsTheSameInEveryVersionOfTheProgram) {
  // Ledgers keep it. A change of this number makes every daemon refuse its own plans.
  EXPECT_EQ(ContentDigest(PlanDocument{}), 2'211'427'895'571'429'491U);
}

TEST(ContentDigest, IsThatOfBeforeForAPlanWithoutBudgets) {
  // What the program said of this plan before plans had budgets.
  EXPECT_EQ(ContentDigest(SpringDocument()), 9'992'397'111'736'737'014U);
}

TEST(ContentDigest, DoesNotDependOnTheOrder) {
  PlanDocument turned = SpringDocument();
  std::reverse(turned.supply.begin(), turned.supply.end());
  std::reverse(turned.pools.begin(), turned.pools.end());
  std::reverse(turned.pools[0].teams.begin(), turned.pools[0].teams.end());
  EXPECT_EQ(ContentDigest(turned), ContentDigest(SpringDocument()));
}

TEST(ContentDigest, ChangesWithEverythingThatAPlanSays) {
  const std::vector<std::function<void(PlanDocument&)>> changes = {
      [](PlanDocument& plan) { plan.name = "autumn"; },
      [](PlanDocument& plan) { plan.version = 6; },
      [](PlanDocument& plan) { plan.scenario = "decline"; },
      [](PlanDocument& plan) { plan.effective_from_unix_nanos = 1; },
      [](PlanDocument& plan) { plan.supply[0].chips = 101; },
      [](PlanDocument& plan) { plan.supply.pop_back(); },
      [](PlanDocument& plan) { plan.tier_shares[Tier::kP2] = 0.8; },
      [](PlanDocument& plan) { plan.tier_shares[Tier::kBuffer] = 0; },
      [](PlanDocument& plan) { plan.category_shares = {{Category::kSafety, 0.9}}; },
      [](PlanDocument& plan) { plan.pools.pop_back(); },
      [](PlanDocument& plan) { plan.pools[0].name = "gamma"; },
      [](PlanDocument& plan) { plan.pools[0].category = Category::kTraining; },
      [](PlanDocument& plan) { plan.pools[0].tier = Tier::kP0; },
      [](PlanDocument& plan) { plan.pools[0].owner = "Nobody"; },
      [](PlanDocument& plan) { plan.pools[0].contact = "#nobody"; },
      [](PlanDocument& plan) { plan.pools[0].teams = {"redblue"}; },
      [](PlanDocument& plan) { plan.pools[0].allocation = AbsoluteAllocation{11}; },
      [](PlanDocument& plan) { plan.pools[0].allocation = ShareAllocation{10}; },
      [](PlanDocument& plan) { plan.pools[0].allocation = ChipAllocation{10, ""}; },
      [](PlanDocument& plan) { plan.pools[0].allocation = ChipAllocation{10, "h100"}; },
      [](PlanDocument& plan) { plan.pools[0].policy.lendable_ratio = 0.5; },
      [](PlanDocument& plan) { plan.pools[0].policy.borrowing_limit_h100e = 0; },
      [](PlanDocument& plan) { plan.pools[0].budget = HoursBudget{.h100e_hours = 10}; },
      [](PlanDocument& plan) { plan.pools[0].budget = HoursBudget{.h100e_hours = 11}; },
      [](PlanDocument& plan) {
        plan.pools[0].budget = HoursBudget{10, HoursBudget::Per::kMonth, 0, 0};
      },
      [](PlanDocument& plan) {
        plan.pools[0].budget = HoursBudget{10, HoursBudget::Per::kTerm, 1, 0};
      },
      [](PlanDocument& plan) {
        plan.pools[0].budget = HoursBudget{10, HoursBudget::Per::kTerm, 0, 1};
      },
      [](PlanDocument& plan) { plan.pools[0].team_budgets["red"].h100e_hours = 10; },
      [](PlanDocument& plan) { plan.pools[0].team_budgets["blue"].h100e_hours = 10; },
  };
  std::set<uint64_t> digests = {ContentDigest(SpringDocument())};
  for (const auto& change : changes) {
    PlanDocument changed = SpringDocument();
    change(changed);
    digests.insert(ContentDigest(changed));
  }
  EXPECT_EQ(digests.size(), changes.size() + 1) << "some change makes no difference";
}

Plan SpringPlan(uint32_t version, uint64_t digest) {
  Plan plan;
  plan.name = "spring";
  plan.version = version;
  plan.content_digest = digest;
  return plan;
}

std::string RefusalOf(const KnownPlans& known, const std::vector<Plan>& plans) {
  const absl::Status status = known.Check(plans, plans.back());
  EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
  return std::string(status.message());
}

TEST(KnownPlans, TakesWhatItDoesNotKnow) {
  EXPECT_EQ(RefusalOf(KnownPlans(), {SpringPlan(1, 11)}), "");
}

TEST(KnownPlans, TakesTheSameContentAgainAndAnotherOneWithAHigherVersion) {
  KnownPlans known;
  known.Learn({SpringPlan(5, 11)}, kKnownSince);
  known.LearnInForce("spring", 5);
  EXPECT_EQ(RefusalOf(known, {SpringPlan(5, 11)}), "");
  EXPECT_EQ(RefusalOf(known, {SpringPlan(5, 11), SpringPlan(6, 12)}), "");
}

TEST(KnownPlans, RefusesAnotherContentOfAKnownVersion) {
  KnownPlans known;
  known.Learn({SpringPlan(5, 0x11), SpringPlan(7, 0x13)}, kKnownSince);
  EXPECT_THAT(RefusalOf(known, {SpringPlan(5, 0x12)}),
              AllOf(HasSubstr("plan 'spring' version 5 says something else than plan 'spring' "
                              "version 5 that is known since 2025-11-24 16:00:00 UTC"),
                    HasSubstr("is 0000000000000012, and was 0000000000000011"),
                    HasSubstr("raise the version to 8 for a change")));
}

TEST(KnownPlans, KeepsTheFirstContent) {
  KnownPlans known;
  known.Learn({SpringPlan(5, 11)}, kKnownSince);
  known.Learn({SpringPlan(5, 12)}, kKnownSince);
  EXPECT_EQ(RefusalOf(known, {SpringPlan(5, 11)}), "");
  EXPECT_NE(RefusalOf(known, {SpringPlan(5, 12)}), "");
}

TEST(KnownPlans, RefusesAVersionBelowOneThatWasInForce) {
  KnownPlans known;
  known.Learn({SpringPlan(4, 10), SpringPlan(5, 11)}, kKnownSince);
  known.LearnInForce("spring", 4);
  known.LearnInForce("spring", 5);
  EXPECT_THAT(RefusalOf(known, {SpringPlan(4, 10)}),
              AllOf(HasSubstr("plan 'spring' version 4 would follow version 5 of the same plan"),
                    HasSubstr("raise it to 6")));
}

TEST(KnownPlans, TellsPlansOfDifferentNamesApart) {
  KnownPlans known;
  known.Learn({SpringPlan(5, 11)}, kKnownSince);
  known.LearnInForce("spring", 5);
  Plan other = SpringPlan(1, 99);
  other.name = "autumn";
  EXPECT_EQ(RefusalOf(known, {other}), "");
}

}  // namespace
}  // namespace fleetmeter
