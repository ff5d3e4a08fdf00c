#include "daemon/view/spending_board.h"

#include <chrono>
#include <thread>

#include "gmock/gmock.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/view/spent_books.h"

namespace fleetmeter {
namespace {

using testing::SizeIs;

constexpr auto kPatience = std::chrono::seconds(30);

Plan PlanWithBudget() {
  Plan plan;
  Pool& pool = plan.pools.emplace_back();
  pool.name = "lab";
  pool.budget = HoursBudget{1'000, HoursBudget::Per::kQuarter, 0, 0};
  return plan;
}

// "lab" holds 3 H100e of its 1 in the first two hours of the year; "other" leaves 10.
class SpendingBoardTest : public testing::Test {
 protected:
  SpendingBoardTest() {
    books_.Grant({{"lab", 1}, {"other", 10}}, kNewYear);
    for (int i = 0; i < 2; ++i) {
      books_.Hold(kNewYear + i * kHourLong, {{"lab", "t", "h100", 3 * kHour}});
    }
    books_.Commit(kNewYear + 2 * kHourLong);
    auto reference = std::make_shared<ReferenceData>();
    reference->plans = {PlanWithBudget()};
    reference_ = std::move(reference);
  }

  OutcomeBoard::Options BoardOptions() {
    OutcomeBoard::Options options;
    options.ledger_path = books_.path();
    options.refresh_nanos = kHour;
    options.reference = [this] { return reference_; };
    options.commits = [] { return uint64_t{1}; };
    return options;
  }
  SpendingBoard::Options Options() {
    return {.refresh_nanos = 60 * kNanosPerSecond, .reference = [this] { return reference_; }};
  }
  template <class Condition>
  static bool Eventually(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  SpendingView WorkOut(int64_t now) {
    auto view = books_.Ask([&](Database& ledger) {
      return WorkOutSpending(ledger, reference_->plans[0], now * kNanosPerSecond);
    });
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? *std::move(view) : SpendingView();
  }

  SpentBooks books_;
  ManualClock clock_{(kNewYear + 2 * kHourLong) * kNanosPerSecond};
  std::shared_ptr<const ReferenceData> reference_;
};

TEST_F(SpendingBoardTest, WorksOutBudgetsAndLending) {
  const SpendingView view = WorkOut(kNewYear + 2 * kHourLong + 600);
  ASSERT_THAT(view.budgets, SizeIs(1));
  EXPECT_DOUBLE_EQ(view.budgets[0].pace.used_h100e_hours, 6);
  EXPECT_EQ(view.hour_unix_seconds, kNewYear + kHourLong);
  ASSERT_THAT(view.lent_in_hour, SizeIs(1));
  EXPECT_EQ(view.lent_in_hour[0].h100e_nanos, 2 * absl::int128(kHour));
  ASSERT_THAT(view.week.rows, SizeIs(1));
  EXPECT_EQ(view.week.rows[0].h100e_nanos, 4 * absl::int128(kHour));
  EXPECT_EQ(view.week.told_seconds, 2 * kHourLong);
}

TEST_F(SpendingBoardTest, TakesTheHourBeforeWhileNobodyHasToldOfTheLast) {
  const SpendingView view = WorkOut(kNewYear + 3 * kHourLong + 10);
  EXPECT_EQ(view.hour_unix_seconds, kNewYear + kHourLong);
  EXPECT_THAT(view.lent_in_hour, SizeIs(1));
  const SpendingView later = WorkOut(kNewYear + 4 * kHourLong + 10);
  EXPECT_EQ(later.hour_unix_seconds, std::nullopt);
  EXPECT_THAT(later.lent_in_hour, SizeIs(0));
}

TEST_F(SpendingBoardTest, IsShownWhatIsKnownAndWaitsForNothing) {
  OutcomeBoard board(BoardOptions(), clock_);
  SpendingBoard spending(board, Options(), clock_);
  EXPECT_EQ(spending.Look(), nullptr);
  board.Start();
  ASSERT_TRUE(Eventually([&] { return spending.Look() != nullptr; }));
  const auto first = spending.Look();
  EXPECT_EQ(first->as_of_unix_nanos, clock_.UnixNanos());
  EXPECT_EQ(spending.Look(), first) << "it is not old";
  clock_.Pass(61 * kNanosPerSecond);
  ASSERT_TRUE(Eventually([&] { return spending.Look() != first; }));
  EXPECT_EQ(spending.Look()->as_of_unix_nanos, clock_.UnixNanos());
  EXPECT_EQ(spending.failures(), 0U);
  board.Stop();
}

TEST_F(SpendingBoardTest, CountsFailuresAndShowsNothing) {
  OutcomeBoard::Options options = BoardOptions();
  options.ledger_path = books_.path() + ".missing";
  OutcomeBoard board(std::move(options), clock_);
  SpendingBoard spending(board, Options(), clock_);
  board.Start();
  ASSERT_TRUE(Eventually([&] {
    spending.Look();
    return spending.failures() == 1;
  }));
  EXPECT_EQ(spending.Look(), nullptr);
  board.Stop();
}

}  // namespace
}  // namespace fleetmeter
