#include "daemon/view/grant_board.h"

#include <cstdio>
#include <thread>

#include "daemon/domain/capacity/grant_use.h"
#include "daemon/ledger/read/read_capacity.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "gtest/gtest.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/ledger/ledger_fixture.h"
#include "tests/unit/view/capacity_events.h"

namespace fleetmeter {
namespace {

constexpr int64_t kChipHour = kBookHour * kNanosPerSecond;

// Team red has grants of pool alpha; hours are counted from kBookStart, which is the present hour.
class GrantReviewTest : public testing::Test {
 protected:
  GrantReviewTest() { ledger_ = OpenLedger(LedgerOptions(path_)); }

  // A source of its own holds chips for the team.
  void Hold(const std::string& source, int64_t from_hour, int64_t to_hour, int64_t chips,
            const std::string& workload = "w") {
    const int64_t nanos = (to_hour - from_hour) * kHour;
    UsageGroup group = MakeGroup("alpha", "red", chips * nanos);
    group.busy_chip_nanos = chips * nanos / 4;
    group.workload = workload;
    const int64_t start = kBookStart * kNanosPerSecond + from_hour * kHour;
    const absl::Status status =
        ledger_->Commit(OneReport(source, start, nanos, group, start + nanos));
    ASSERT_TRUE(status.ok()) << status;
  }
  void Grant(const std::string& id, int64_t chips, int64_t from_hour, int64_t hours) {
    told_.Ask(id, chips, from_hour, hours);
    told_.Grant(id, chips);
  }

  GrantsView Review() const {
    const auto ledger = OpenLedgerToRead(path_);
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    const auto view =
        ReviewGrants(**ledger, told_.book(), (kBookStart + kBookHour / 2) * kNanosPerSecond);
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? *view : GrantsView();
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("ledger.db");
  std::unique_ptr<SqliteLedger> ledger_;
  ToldBook told_;
};

TEST_F(GrantReviewTest, TellsTheLastFullHourAndTheWeek) {
  Hold("host", -50, 0, 4);
  Grant("g", 10, -50, 1'000);
  const RecentUse use = Review().grants.at("g");
  ASSERT_TRUE(use.hour && use.week);
  EXPECT_EQ(use.hour->granted_chip_nanos, 10 * kChipHour);
  EXPECT_EQ(use.hour->used_chip_nanos, 4 * kChipHour);
  EXPECT_EQ(use.hour->busy_chip_nanos, kChipHour);
  EXPECT_EQ(use.week->granted_chip_nanos, 500 * kChipHour);
  EXPECT_EQ(use.week->used_chip_nanos, 200 * kChipHour);
  EXPECT_EQ(use.week->seconds(), 50 * kBookHour);
  EXPECT_TRUE(use.hour->IsKnown(0.9));
  EXPECT_TRUE(use.week->IsKnown(0.9));
}

TEST_F(GrantReviewTest, NothingOfThePresentHourCounts) {
  Hold("host", 0, 1, 4);
  Grant("g", 10, 0, 100);
  EXPECT_FALSE(Review().grants.contains("g"));
}

TEST_F(GrantReviewTest, OnlyTheTimeOfTheGrantCounts) {
  Hold("host", -100, 0, 4);
  Grant("ended", 4, -100, 40);
  Grant("later", 4, 10, 40);
  const GrantsView view = Review();
  EXPECT_FALSE(view.grants.contains("later"));
  const RecentUse use = view.grants.at("ended");
  EXPECT_FALSE(use.hour);
  ASSERT_TRUE(use.week);
  EXPECT_EQ(use.week->granted_chip_nanos, 160 * kChipHour);
  EXPECT_EQ(use.week->used_chip_nanos, 160 * kChipHour);
}

TEST_F(GrantReviewTest, TimeOfWhichNobodyToldIsNotUnused) {
  Hold("host-1", -100, -60, 4);
  Hold("host-2", -10, 0, 4);
  Grant("g", 4, -100, 200);
  const RecentUse use = Review().grants.at("g");
  ASSERT_TRUE(use.hour && use.week);
  EXPECT_DOUBLE_EQ(use.week->told_ratio(), 0.5);
  EXPECT_FALSE(use.week->IsKnown(0.9));
  EXPECT_TRUE(use.hour->IsKnown(0.9));
}

TEST_F(GrantReviewTest, AWeekBeginsWhenTheBooksBegin) {
  Hold("host", -30, 0, 2);
  Grant("g", 4, -400, 1'000);
  const RecentUse use = Review().grants.at("g");
  ASSERT_TRUE(use.week);
  EXPECT_EQ(use.week->seconds(), 30 * kBookHour);
  EXPECT_DOUBLE_EQ(use.week->told_ratio(), 1);
  EXPECT_EQ(use.week->granted_chip_nanos, 120 * kChipHour);
}

TEST_F(GrantReviewTest, WhatASilentHostHeldIsNotUnused) {
  Hold("host-1", -100, 0, 4);
  Hold("host-2", -100, -20, 4);
  Grant("g", 8, -100, 200);
  const RecentUse use = Review().grants.at("g");
  ASSERT_TRUE(use.hour && use.week);
  EXPECT_EQ(use.hour->granted_chip_nanos, 4 * kChipHour);
  EXPECT_EQ(use.hour->used_chip_nanos, 4 * kChipHour);
  EXPECT_EQ(use.hour->untold_chip_nanos, 4 * kChipHour);
  EXPECT_FALSE(use.hour->IsKnown(0.9));
  EXPECT_EQ(use.week->granted_chip_nanos, (80 * 8 + 20 * 4) * kChipHour);
  EXPECT_EQ(use.week->used_chip_nanos, use.week->granted_chip_nanos);
  EXPECT_TRUE(use.week->IsKnown(0.9));
}

// For how long, and whoever else is heard, does not matter.
TEST_F(GrantReviewTest, APoolWhoseHostsAreSilentForDaysIsUntold) {
  Hold("host-1", -160, -100, 4);
  Hold("host-2", -160, 0, 2, "other");
  told_.Ask("of-pool", 4, -100, 200, capacity::Nature::kGrowthBet, "beta");
  told_.Grant("of-pool", 4);
  Grant("g", 6, -100, 200);
  const GrantsView view = Review();
  EXPECT_EQ(view.grants.at("g").week->used_chip_nanos, 200 * kChipHour);
  EXPECT_EQ(view.grants.at("g").week->untold_chip_nanos, 400 * kChipHour);
  // Nobody ever told of this pool.
  const SpanUse& never = *view.grants.at("of-pool").week;
  EXPECT_EQ(never.granted_chip_nanos, 0);
  EXPECT_EQ(never.untold_chip_nanos, 400 * kChipHour);
  EXPECT_FALSE(never.IsKnown(0.9));
}

// Chips are shared out hour by hour, so that reading a day after the other changes nothing.
TEST_F(GrantReviewTest, DaysAddUpToTheWeek) {
  Hold("host-1", -160, 0, 5, "w");
  Hold("host-2", -100, -3, 3, "other");
  Grant("g-1", 4, -150, 100);
  told_.At(60);
  Grant("g-2", 3, -130, 300);
  const GrantsView view = Review();
  const auto ledger = OpenLedgerToRead(path_);
  ASSERT_TRUE(ledger.ok());
  const auto used = ReadUsedPeriods(**ledger, kBookStart - kRecentSeconds, kBookStart);
  ASSERT_TRUE(used.ok()) << used.status();
  const capacity::SharedUse whole =
      capacity::ShareUse(told_.book(), *used, kBookStart - kRecentSeconds, kBookStart);
  ASSERT_EQ(whole.grants.size(), 2U);
  for (const capacity::GrantUse& use : whole.grants) {
    const SpanUse& week = *view.grants.at(use.request_id).week;
    EXPECT_EQ(week.granted_chip_nanos, use.granted_chip_nanos) << use.request_id;
    EXPECT_EQ(week.used_chip_nanos, use.used_chip_nanos) << use.request_id;
    EXPECT_EQ(week.busy_chip_nanos, use.busy_chip_nanos) << use.request_id;
    EXPECT_GT(week.used_chip_nanos, 0) << use.request_id;
  }
}

class GrantBoardTest : public GrantReviewTest {
 protected:
  GrantBoardTest() { Publish(); }

  void Publish() {
    MutexLock lock(mutex_);
    book_ = std::make_shared<const capacity::CapacityBook>(told_.book());
  }
  GrantBoard::Options Options() {
    GrantBoard::Options options;
    options.ledger_path = path_;
    options.refresh_nanos = kNanosPerSecond / 1'000;
    options.book = [this] {
      MutexLock lock(mutex_);
      return book_;
    };
    return options;
  }
  template <class Condition>
  static bool Eventually(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  static bool Knows(const GrantBoard& board, const std::string& id) {
    const auto view = board.view();
    return view && view->grants.contains(id);
  }

  ManualClock clock_{(kBookStart + 60) * kNanosPerSecond, 0};
  Mutex mutex_;
  std::shared_ptr<const capacity::CapacityBook> book_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(GrantBoardTest, FollowsRequestsAndTime) {
  Hold("host", -50, 0, 4);
  GrantBoard board(Options(), clock_);
  EXPECT_EQ(board.view(), nullptr);
  board.Start();
  ASSERT_TRUE(Eventually([&] { return board.view() != nullptr; }));
  EXPECT_FALSE(Knows(board, "g"));
  Grant("g", 10, -50, 1'000);
  Publish();
  ASSERT_TRUE(Eventually([&] { return Knows(board, "g"); }));
  const auto before = board.view();
  Hold("host-late", 0, 1, 10);
  clock_.Pass(kHour);
  ASSERT_TRUE(Eventually([&] { return board.view() != before; }));
  EXPECT_EQ(board.view()->grants.at("g").hour->used_chip_nanos, 10 * kChipHour);
  EXPECT_EQ(board.failures(), 0U);
}

TEST_F(GrantBoardTest, CountsFailuresAndComesBack) {
  Hold("host", -50, 0, 4);
  Grant("g", 10, -50, 1'000);
  Publish();
  const std::string aside = path_ + ".aside";
  ledger_.reset();
  ASSERT_EQ(std::rename(path_.c_str(), aside.c_str()), 0);
  GrantBoard board(Options(), clock_);
  board.Start();
  ASSERT_TRUE(Eventually([&] { return board.failures() > 1; }));
  EXPECT_EQ(board.view(), nullptr);
  ASSERT_EQ(std::rename(aside.c_str(), path_.c_str()), 0);
  EXPECT_TRUE(Eventually([&] { return Knows(board, "g"); }));
  board.Stop();
  board.Stop();  // again changes nothing
}

}  // namespace
}  // namespace fleetmeter
