// Answers about budgets, lending and results, from a ledger.
#include "daemon/serve/query/budget_answers.h"
#include "daemon/serve/query/lending_answers.h"
#include "daemon/serve/query/result_answers.h"
#include "daemon/serve/query/untold_messages.h"
#include "gmock/gmock.h"
#include "tests/unit/view/spent_books.h"

namespace fleetmeter {
namespace {

using capacity::CapacityEvent;
using testing::ElementsAre;
using testing::HasSubstr;

Pool PoolNamed(std::string name) {
  Pool pool;
  pool.name = std::move(name);
  pool.teams = {"t", "guests"};
  return pool;
}

// "lab" holds 3 of its 1 H100e in the first two hours of the year, and "other" leaves 10.
class SpendingAnswersTest : public testing::Test {
 protected:
  SpendingAnswersTest() {
    books_.Grant({{"lab", 1}, {"other", 10}}, kNewYear);
    for (int i = 0; i < 2; ++i) {
      books_.Hold(kNewYear + i * kHourLong, {{"lab", "t", "h100", 2 * kHour},
                                             {"lab", "guests", "h100", kHour},
                                             {"other", "", "h100", kHour}});
    }
    books_.Commit(kNewYear + 2 * kHourLong);
    Plan plan;
    plan.name = "plan";
    plan.version = 7;
    plan.pools = {PoolNamed("lab"), PoolNamed("other")};
    plan.pools[0].budget = HoursBudget{1'000, HoursBudget::Per::kQuarter, 0, 0};
    plan.pools[0].team_budgets["guests"] = {10, HoursBudget::Per::kMonth, 0, 0};
    plan.pools[1].budget = HoursBudget{5, HoursBudget::Per::kMonth, 0, 0};
    auto reference = std::make_shared<ReferenceData>();
    reference->plans = {plan};
    moment_.reference = std::move(reference);
    moment_.book = std::make_shared<const capacity::CapacityBook>();
    moment_.now_unix_nanos = (kNewYear + 2 * kHourLong + 1'800) * kNanosPerSecond;
  }

  // "lab" may be seen, or all.
  std::vector<std::string> Budgets(const std::string& pool, bool all) {
    v1::ListBudgetsRequest request;
    request.set_pool(pool);
    const PoolSight sight = {.all = all,
                             .may = [](std::string_view name) { return name == "lab"; }};
    budgets_.Clear();
    const absl::Status status = books_.Ask([&](Database& ledger) {
      return AnswerBudgets(ledger, moment_, request, sight, &budgets_);
    });
    EXPECT_TRUE(status.ok()) << status;
    std::vector<std::string> names;
    for (const auto& budget : budgets_.budgets()) {
      names.push_back(budget.pool() + "/" + budget.team());
    }
    return names;
  }

  absl::Status Lending(int64_t from, int64_t to, const std::string& step) {
    v1::GetLendingRequest request;
    request.set_from_unix_seconds(from);
    request.set_to_unix_seconds(to);
    request.set_step(step);
    lending_.Clear();
    return books_.Ask(
        [&](Database& ledger) { return AnswerLending(ledger, moment_, request, &lending_); });
  }

  absl::Status Results(const std::string& request_id) {
    v1::GetResultsRequest request;
    request.set_request_id(request_id);
    results_.Clear();
    return books_.Ask(
        [&](Database& ledger) { return AnswerResults(ledger, moment_, request, &results_); });
  }

  // A request, and a grant for it that begins so many hours after the new year.
  void Request(const std::string& id, const std::string& model,
               std::optional<int64_t> start_hour = 0) {
    CapacityEvent submit;
    submit.number = ++number_;
    submit.action = capacity::Action::kSubmit;
    submit.request_id = id;
    submit.revision = 1;
    submit.form.request_id = id;
    submit.form.pool = "lab";
    submit.form.team = "t";
    submit.form.model = model;
    submit.form.chips = 4;
    submit.form.hours = 24;
    book_.Apply(submit);
    if (start_hour) {
      CapacityEvent grant;
      grant.number = ++number_;
      grant.action = capacity::Action::kGrant;
      grant.request_id = id;
      grant.revision = 2;
      grant.granted_chips = 4;
      grant.start_unix_seconds = kNewYear + *start_hour * kHourLong;
      grant.end_unix_seconds = grant.start_unix_seconds + 24 * kHourLong;
      grant.decision = number_;
      book_.Apply(grant);
    }
    moment_.book = std::make_shared<const capacity::CapacityBook>(book_);
  }

  SpentBooks books_;
  CapacityMoment moment_;
  capacity::CapacityBook book_;
  int64_t number_ = 0;
  v1::ListBudgetsResponse budgets_;
  v1::GetLendingResponse lending_;
  v1::GetResultsResponse results_;
};

TEST_F(SpendingAnswersTest, ListsTheBudgetsThatMayBeSeen) {
  EXPECT_THAT(Budgets("", true), ElementsAre("lab/", "lab/guests", "other/"));
  EXPECT_THAT(Budgets("other", true), ElementsAre("other/"));
  EXPECT_THAT(Budgets("none", true), ElementsAre());
  EXPECT_THAT(Budgets("", false), ElementsAre("lab/", "lab/guests"));
  EXPECT_THAT(Budgets("other", false), ElementsAre());
}

TEST_F(SpendingAnswersTest, TellsWhatIsUsedOfABudget) {
  Budgets("lab", true);
  EXPECT_EQ(budgets_.basis().plan(), "plan");
  EXPECT_EQ(budgets_.basis().plan_version(), 7U);
  const v1::CapacityBudget& of_pool = budgets_.budgets(0);
  EXPECT_EQ(of_pool.h100e_hours(), 1'000);
  EXPECT_EQ(of_pool.from_unix_seconds(), kNewYear);
  EXPECT_EQ(of_pool.to_unix_seconds(), kNewYear + 90 * kSecondsPerDay);
  EXPECT_DOUBLE_EQ(of_pool.used_h100e_hours(), 6);
  // Half an hour is not told, and is taken for 1.5 H100e-hours like the rest.
  EXPECT_DOUBLE_EQ(of_pool.untold_h100e_hours(), 1.5);
  EXPECT_DOUBLE_EQ(of_pool.left_h100e_hours(), 992.5);
  EXPECT_EQ(of_pool.elapsed_seconds(), 9'000);
  EXPECT_EQ(of_pool.told_seconds(), 7'200);
  ASSERT_EQ(of_pool.untold_size(), 1);
  EXPECT_EQ(of_pool.untold(0).from_unix_seconds(), kNewYear + 7'200);
  EXPECT_EQ(of_pool.untold(0).to_unix_seconds(), kNewYear + 9'000);
  // 6 H100e-hours in 2 hours that are told take 1,000 in 333 hours.
  EXPECT_NEAR(of_pool.projected_h100e_hours(), 3 * 90 * 24, 1e-6);
  EXPECT_TRUE(of_pool.has_gone_unix_seconds());
  EXPECT_DOUBLE_EQ(budgets_.budgets(1).used_h100e_hours(), 2);
}

TEST_F(SpendingAnswersTest, TellsWhoLentByTheHour) {
  ASSERT_TRUE(Lending(kNewYear, 0, "1h").ok());
  EXPECT_EQ(lending_.from_unix_seconds(), kNewYear);
  EXPECT_EQ(lending_.to_unix_seconds(), kNewYear + 2 * kHourLong);  // the present hour begins
  ASSERT_EQ(lending_.lent_size(), 2);
  EXPECT_EQ(lending_.lent(1).start_unix_seconds(), kNewYear + kHourLong);
  EXPECT_EQ(lending_.lent(1).borrower(), "lab");
  EXPECT_EQ(lending_.lent(1).lender(), "other");
  EXPECT_EQ(lending_.lent(1).h100e_nanos(), "7200000000000");
  EXPECT_DOUBLE_EQ(lending_.lent(1).h100e_hours(), 2);
  EXPECT_EQ(lending_.lent(1).micro_usd(), 4'000'000);
  EXPECT_EQ(lending_.told_seconds(), 2 * kHourLong);
}

TEST_F(SpendingAnswersTest, TellsTheLastWeekWhereNoTimeIsAsked) {
  ASSERT_TRUE(Lending(0, 0, "").ok());
  EXPECT_EQ(lending_.to_unix_seconds() - lending_.from_unix_seconds(), 7 * kSecondsPerDay);
  ASSERT_EQ(lending_.lent_size(), 1);
  EXPECT_DOUBLE_EQ(lending_.lent(0).h100e_hours(), 4);
  EXPECT_EQ(lending_.untold_seconds(), 7 * kSecondsPerDay - 2 * kHourLong);
  ASSERT_EQ(lending_.untold_size(), 1);
  EXPECT_EQ(lending_.untold(0).to_unix_seconds(), kNewYear);
}

TEST_F(SpendingAnswersTest, BeginsAWeekBeforeTheEndButNotBeforeTimeBegan) {
  ASSERT_TRUE(Lending(0, kHourLong, "").ok());
  EXPECT_EQ(lending_.from_unix_seconds(), 0);
  EXPECT_EQ(lending_.untold_seconds(), kHourLong);
}

TEST_F(SpendingAnswersTest, RefusesQuestionsAboutLendingThatAreNone) {
  const auto refused = [&](int64_t from, int64_t to, const std::string& step) {
    const absl::Status status = Lending(from, to, step);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(refused(0, 0, "1w"), HasSubstr("step: is \"1w\"; expected 1h, 1d"));
  EXPECT_THAT(refused(kNewYear + 1, 0, ""), HasSubstr("from_unix_seconds"));
  EXPECT_THAT(refused(0, kNewYear + 1, ""), HasSubstr("to_unix_seconds"));
  EXPECT_THAT(refused(-kHourLong, 0, ""), HasSubstr("from_unix_seconds"));
  EXPECT_THAT(refused(kNewYear, kNewYear, ""), HasSubstr("is empty"));
  EXPECT_THAT(refused(kNewYear + 50 * kHourLong, 0, ""), HasSubstr("is empty"));
  EXPECT_THAT(refused(kNewYear - 400 * kSecondsPerDay, 0, ""), HasSubstr("at most 366"));
}

TEST_F(SpendingAnswersTest, TellsResultsOfGrantsThatNamedAModel) {
  Request("early", "opus", 0);
  Request("late", "opus", 2);
  Request("plain", "");
  Request("open", "opus", std::nullopt);
  ASSERT_TRUE(Results("").ok());
  ASSERT_EQ(results_.results_size(), 2);
  EXPECT_EQ(results_.results(0).request().form().request_id(), "late");
  EXPECT_EQ(results_.results(1).request().form().request_id(), "early");
  EXPECT_EQ(results_.results(0).standing(), "cannot be told");
  EXPECT_GT(results_.results(0).why_size(), 0);
  EXPECT_FALSE(results_.results(0).has_revenue_micro_usd());
  ASSERT_TRUE(Results("early").ok());
  EXPECT_EQ(results_.results_size(), 1);
}

TEST_F(SpendingAnswersTest, SaysWhyARequestHasNoResult) {
  Request("plain", "");
  Request("open", "opus", std::nullopt);
  const absl::Status plain = Results("plain");
  EXPECT_TRUE(absl::IsFailedPrecondition(plain)) << plain;
  EXPECT_THAT(std::string(plain.message()), HasSubstr("named neither"));
  const absl::Status open = Results("open");
  EXPECT_TRUE(absl::IsFailedPrecondition(open)) << open;
  EXPECT_THAT(std::string(open.message()), HasSubstr("has no grant"));
  EXPECT_TRUE(absl::IsNotFound(Results("none")));
}

TEST_F(SpendingAnswersTest, SaysHowManyResultsAreLeftOut) {
  for (int i = 0; i < 203; ++i) Request("r" + std::to_string(i), "opus", 1'000 + i);
  ASSERT_TRUE(Results("").ok());
  EXPECT_EQ(results_.results_size(), 200);
  EXPECT_EQ(results_.left_out(), 3U);
  EXPECT_EQ(results_.results(0).request().form().request_id(), "r202");
}

// Pools of a snapshot: what is borrowed, and what waits without room.
class StarvedTest : public testing::Test {
 protected:
  void Add(const std::string& name, double borrowed, std::optional<double> waiting,
           bool room_known = true) {
    pools_.push_back(std::make_unique<Pool>(PoolNamed(name)));
    PoolView& view = snapshot_.pools.emplace_back();
    view.pool = pools_.back().get();
    view.borrowed_h100e = borrowed;
    if (!waiting) return;
    PoolDemand demand;
    demand.h100e = *waiting + 3;
    if (room_known) {
      demand.servable_h100e = 1;
      demand.servable_by_borrowing_h100e = 2;
    }
    view.demand = demand;
  }
  std::vector<std::string> Pairs() {
    v1::GetLendingResponse response;
    FillStarved(snapshot_, &response);
    std::vector<std::string> pairs;
    for (const v1::StarvedPool& pair : response.starved()) {
      pairs.push_back(pair.pool() + " " + std::to_string(pair.waiting_h100e()) + " " +
                      pair.borrower() + " " + std::to_string(pair.borrowed_h100e()));
    }
    return pairs;
  }

  std::vector<std::unique_ptr<Pool>> pools_;
  Snapshot snapshot_;
};

TEST_F(StarvedTest, PairsWhoWaitsWithWhoBorrows) {
  Add("calm", 0, 0);
  Add("hungry", 0, 5);
  Add("big", 8, std::nullopt);
  Add("starving", 4, 9);
  Add("unknown", 0, 50, false);
  EXPECT_THAT(Pairs(), ElementsAre("starving 9.000000 big 8.000000", "hungry 5.000000 big 8.000000",
                                   "hungry 5.000000 starving 4.000000"));
}

TEST_F(StarvedTest, HasNobodyWhereNobodyBorrows) {
  Add("hungry", 0, 5);
  Add("calm", 0, 0);
  EXPECT_THAT(Pairs(), ElementsAre());
}

TEST(FillUntold, KeepsTheLongestInTheirOrder) {
  const auto span = [](int64_t from, int64_t to) {
    return TimeSpan{from * kNanosPerSecond, to * kNanosPerSecond};
  };
  v1::GetLendingResponse response;
  FillUntold({span(0, 10), span(20, 21), span(30, 50), span(60, 70)}, 2, response.mutable_untold());
  ASSERT_EQ(response.untold_size(), 2);
  EXPECT_EQ(response.untold(0).from_unix_seconds(), 30);
  EXPECT_EQ(response.untold(1).from_unix_seconds(), 60);
  response.clear_untold();
  FillUntold({{1, kNanosPerSecond + 1}}, 2, response.mutable_untold());
  EXPECT_EQ(response.untold(0).from_unix_seconds(), 0);
  EXPECT_EQ(response.untold(0).to_unix_seconds(), 2);
}

}  // namespace
}  // namespace fleetmeter
