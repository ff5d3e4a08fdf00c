#include "daemon/ledger/read/read_allocations.h"

#include "daemon/ledger/sqlite/ledger_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

constexpr int64_t kGrantsFrom = 1'767'225'600;  // 2026-01-01
constexpr int64_t kSecondsOfDay = 86'400;
constexpr int64_t kNever = 4'102'444'800;  // 2100

int64_t Day(int64_t days) { return kGrantsFrom + days * kSecondsOfDay; }

// Pools: serving in inference and p1, research in research and p2; 0: the plan has no such pool.
Plan PlanOf(const std::string& name, uint32_t version, int64_t effective_from, double serving,
            double research) {
  Plan plan;
  plan.name = name;
  plan.version = version;
  plan.effective_from_unix_nanos = effective_from * kNanosPerSecond;
  const auto add = [&](const char* pool, Category category, Tier tier, double h100e) {
    if (h100e == 0) return;
    plan.pools.push_back({.name = pool,
                          .category = category,
                          .tier = tier,
                          .owner = "",
                          .contact = "",
                          .teams = {},
                          .allocated_h100e = h100e,
                          .policy = {}});
  };
  add("serving", Category::kInference, Tier::kP1, serving);
  add("research", Category::kResearch, Tier::kP2, research);
  return plan;
}

class ReadAllocationsTest : public testing::Test {
 protected:
  void Record(std::vector<Plan> plans, int64_t at) {
    ReferenceData data;
    data.plans = std::move(plans);
    const absl::Status status = ledger_->RecordReferenceData(data, at * kNanosPerSecond);
    ASSERT_TRUE(status.ok()) << status;
  }
  // That the ledger's own time has come so far.
  void Pass(int64_t to) {
    LedgerTransaction transaction;
    transaction.now_unix_nanos = to * kNanosPerSecond;
    transaction.terms.push_back({.plan = "plan",
                                 .plan_version = 1,
                                 .grants = {},
                                 .nanos = 1,
                                 .as_of_unix_nanos = to * kNanosPerSecond});
    const absl::Status status = ledger_->Commit(transaction);
    ASSERT_TRUE(status.ok()) << status;
  }
  // H100e-days; -1: not known.
  double Granted(const GrantFilter& filter, int64_t from, int64_t to) {
    const auto database = OpenLedgerToRead(path_);
    EXPECT_TRUE(database.ok()) << database.status();
    const auto terms = ReadPlanTerms(**database, from, to);
    EXPECT_TRUE(terms.ok()) << terms.status();
    const auto nanos = GrantedNanos(*terms, filter, from, to);
    return nanos ? static_cast<double>(*nanos) / (kSecondsOfDay * 1e9) : -1;
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("books");
  std::unique_ptr<SqliteLedger> ledger_ = OpenLedger(LedgerOptions(path_));
};

const GrantFilter kOfServing{.pool = "serving", .category = {}, .tier = {}, .plan = {}};

TEST_F(ReadAllocationsTest, FollowsThePlansByTheirFirstDay) {
  Record({PlanOf("plan", 1, Day(0), 10, 5), PlanOf("plan", 2, Day(30), 20, 0)}, Day(400));
  EXPECT_EQ(Granted(kOfServing, Day(0), Day(30)), 300);
  EXPECT_EQ(Granted(kOfServing, Day(29), Day(31)), 30);
  EXPECT_EQ(Granted(kOfServing, Day(30), Day(31)), 20);
  EXPECT_EQ(Granted({}, Day(29), Day(31)), 35);
  const GrantFilter research{.pool = {}, .category = "research", .tier = {}, .plan = {}};
  EXPECT_EQ(Granted(research, Day(29), Day(31)), 5);
  const GrantFilter second{.pool = {}, .category = {}, .tier = "p1", .plan = "plan/2"};
  EXPECT_EQ(Granted(second, Day(29), Day(31)), 20);
}

TEST_F(ReadAllocationsTest, KnowsNothingWhereNoPlanIsKnownOrNamesIt) {
  EXPECT_EQ(Granted({}, Day(0), Day(1)), -1) << "no plan at all";
  Record({PlanOf("plan", 1, Day(10), 10, 0)}, Day(0));
  EXPECT_EQ(Granted(kOfServing, Day(0), Day(10)), -1);
  EXPECT_EQ(Granted(kOfServing, Day(9), Day(11)), -1) << "a part of it is not known";
  EXPECT_EQ(Granted(kOfServing, Day(10), Day(11)), 10);
  const GrantFilter unknown{.pool = "old-name", .category = {}, .tier = {}, .plan = {}};
  EXPECT_EQ(Granted(unknown, Day(10), Day(11)), -1) << "and never 0";
}

TEST_F(ReadAllocationsTest, OfVersionsWithOneFirstDayEachHoldsFromItsRecord) {
  Record({PlanOf("plan", 1, Day(0), 10, 0)}, Day(5));
  Record({PlanOf("plan", 1, Day(0), 12, 0)}, Day(20));
  Record({PlanOf("plan", 2, Day(0), 14, 0)}, Day(30));
  EXPECT_EQ(Granted(kOfServing, Day(1), Day(2)), 10) << "before anything was recorded: history";
  EXPECT_EQ(Granted(kOfServing, Day(19), Day(20)), 10);
  EXPECT_EQ(Granted(kOfServing, Day(20), Day(21)), 12);
  EXPECT_EQ(Granted(kOfServing, Day(19), Day(31)), 10 + 120 + 14);
}

TEST_F(ReadAllocationsTest, EndsWithTheTimeOfTheLedger) {
  Record({PlanOf("plan", 1, Day(0), 10, 0)}, Day(0));
  EXPECT_EQ(Granted(kOfServing, Day(0), Day(100)), 1'000) << "a ledger without a time of its own";
  Pass(Day(40));
  EXPECT_EQ(Granted(kOfServing, Day(0), Day(100)), 400);
  EXPECT_EQ(Granted(kOfServing, Day(39), kNever), 10);
  EXPECT_EQ(Granted(kOfServing, Day(41), Day(42)), -1);
}

TEST_F(ReadAllocationsTest, IsExactOverManyPoolsAndYears) {
  Record({PlanOf("plan", 1, Day(0), 1'000'000.0 / 3, 0.1)}, Day(0));
  EXPECT_NEAR(Granted({}, Day(0), Day(3'650)), 3'650 * (1'000'000.0 / 3 + 0.1), 1e-5);
}

}  // namespace
}  // namespace fleetmeter
