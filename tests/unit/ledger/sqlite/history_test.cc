// History by source and window, and corrections of it: kept, found again, taken out and booked anew
// to the chip-nanosecond.
#include <algorithm>
#include <map>
#include <random>

#include "daemon/base/units.h"
#include "daemon/ledger/tools/verify.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kLongAgo = kLedgerStart - 100 * kDay;

class HistoryTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    ledger_.reset();
    books_ = {};
    ledger_ = OpenLedger(LedgerOptions(path_), &books_);
    ASSERT_NE(ledger_, nullptr);
  }

  // Of the pool, some of it busy, for a model.
  static UsageGroup Group(const std::string& pool, int64_t chip_nanos, int64_t busy,
                          const std::string& model = "atlas") {
    UsageGroup group = MakeGroup(pool, "team", chip_nanos);
    group.chip = "half";
    group.model = model;
    group.busy_chip_nanos = busy;
    return group;
  }

  HistoryWindow Window(int64_t start, int64_t length, std::vector<UsageGroup> groups) const {
    HistoryWindow window{.source = "billing",
                         .start_unix_nanos = start,
                         .length_nanos = length,
                         .groups = std::move(groups),
                         .plan = "plan",
                         .plan_version = 1};
    window.conversions.assign(window.groups.size(), HalfChip());
    window.terms.assign(window.groups.size(),
                        {.category = "inference", .micro_usd_per_chip_hour = 2'000'000});
    return window;
  }

  void Import(const HistoryWindow& window) {
    LedgerTransaction transaction;
    transaction.now_unix_nanos = now_;
    LedgerEntry& entry = transaction.counted.emplace_back();
    entry.stream = kStream;
    entry.sequence = ++sequence_;
    entry.report.source = window.source;
    entry.report.window_start_unix_nanos = window.start_unix_nanos;
    entry.report.window_length_nanos = entry.report.duration_nanos = window.length_nanos;
    entry.report.groups = window.groups;
    entry.conversions = window.conversions;
    entry.terms = window.terms;
    entry.plan = window.plan;
    entry.plan_version = window.plan_version;
    entry.adjustment = entry.history = true;
    entry.latest = false;
    counted_.Merge(WindowSet(window.span(), {}));
    entry.windows = counted_;
    transaction.streams = {{.stream = kStream, .sequence = sequence_, .epoch = 1, .digests = {}}};
    const absl::Status status = ledger_->Commit(transaction);
    ASSERT_TRUE(status.ok()) << status;
  }

  // `net`: what the entry says of the chips and of the busy ones.
  absl::Status Restate(std::vector<HistoryWindow> taken, std::vector<HistoryWindow> booked) {
    AdminEntry entry;
    entry.number = ++entries_;
    entry.entered_unix_nanos = now_;
    entry.action = AdminAction::kCorrectUsage;
    entry.identity = "ada";
    entry.reason = "recount";
    entry.source = "billing";
    const auto add = [&entry](const std::vector<HistoryWindow>& windows, int sign) {
      for (const HistoryWindow& window : windows) {
        for (const UsageGroup& group : window.groups) {
          entry.chip_nanos += sign * absl::int128(group.chip_nanos);
          entry.busy_chip_nanos += sign * absl::int128(group.busy_chip_nanos.value_or(0));
        }
      }
    };
    add(taken, -1);
    add(booked, 1);
    for (const HistoryWindow& window : booked) {
      counted_.Merge(WindowSet(window.span(), {}));
    }
    entry.windows = static_cast<int64_t>(booked.size());
    entry.restated = {.taken = std::move(taken), .booked = std::move(booked), .windows = counted_};
    LedgerTransaction transaction;
    transaction.now_unix_nanos = now_;
    transaction.entries.push_back(std::move(entry));
    return ledger_->Commit(transaction);
  }

  std::vector<HistoryWindow> Booked() {
    auto windows = ledger_->HistoryWindows("billing", {0, INT64_MAX});
    EXPECT_TRUE(windows.ok()) << windows.status();
    return windows.ok() ? *std::move(windows) : std::vector<HistoryWindow>{};
  }

  int64_t Nanos(const std::string& amount, const std::string& rest) {
    return ReadInteger(path_, "SELECT coalesce(sum(" + amount + "_s) * 1000000000 + sum(" + amount +
                                  "_ns), 0) " + rest);
  }
  std::vector<std::string> Findings() {
    const auto report = VerifyLedger(path_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->findings : std::vector<std::string>{"no report"};
  }

  const StreamKey kStream{"me", "0123456789abcdef"};
  TempFolder folder_;
  std::string path_ = folder_.PathOf("books");
  std::unique_ptr<SqliteLedger> ledger_;
  RestoredBooks books_;
  WindowSet counted_;
  int64_t now_ = kLedgerStart;
  uint64_t sequence_ = 0;
  int64_t entries_ = 0;
};

TEST_F(HistoryTest, IsKeptBySourceAndWindow) {
  Import(Window(kLongAgo, kDay, {Group("serving", 5 * kHour, 2 * kHour)}));
  Import(Window(kLongAgo + kDay, kDay, {}));
  Reopen();
  const auto windows = Booked();
  ASSERT_THAT(windows, SizeIs(2));
  EXPECT_EQ(windows[0].start_unix_nanos, kLongAgo);
  ASSERT_THAT(windows[0].groups, SizeIs(1));
  EXPECT_EQ(windows[0].groups[0].pool, "serving");
  EXPECT_EQ(windows[0].groups[0].model, "atlas");
  EXPECT_EQ(windows[0].groups[0].chip_nanos, 5 * kHour);
  EXPECT_EQ(windows[0].groups[0].busy_chip_nanos, 2 * kHour);
  EXPECT_EQ(windows[0].conversions[0], HalfChip());
  EXPECT_EQ(windows[0].terms[0].category, "inference");
  EXPECT_EQ(windows[0].terms[0].micro_usd_per_chip_hour, 2'000'000);
  EXPECT_EQ(windows[0].plan_version, 1U);
  EXPECT_THAT(windows[1].groups, IsEmpty());
  const auto second = ledger_->HistoryWindows("billing", {kLongAgo + kDay, kLongAgo + kDay + 1});
  ASSERT_TRUE(second.ok());
  EXPECT_THAT(*second, SizeIs(1));
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(HistoryTest, ACorrectionIsBookedNowAndCountsInTheTimeOfUse) {
  Import(Window(kLongAgo, kHour, {Group("serving", 7, 3)}));
  now_ += 3 * kDay;
  ASSERT_TRUE(Restate(Booked(), {Window(kLongAgo, kHour, {Group("serving", 5, 4)})}).ok());
  const std::string of_use =
      "FROM hours WHERE corrects_hour / 3600 = " + std::to_string(kLongAgo / kNanosPerHour);
  // The window begins at half past: half of it lies in each of two hours.
  EXPECT_EQ(Nanos("chips", "FROM hours"), 5);
  EXPECT_EQ(Nanos("busy", "FROM hours"), 4);
  EXPECT_EQ(Nanos("chips", of_use), 2);  // of 5, rounded down
  // By the time of booking, the difference is that of the day of the correction.
  EXPECT_EQ(Nanos("chips", "FROM hours WHERE hour_start >= " +
                               std::to_string((now_ - kHour) / kNanosPerSecond)),
            -2);
  EXPECT_EQ(Nanos("chips", "FROM model_usage"), 5);
  EXPECT_EQ(Nanos("busy", "FROM usage_corrections WHERE entry_number = 1"), 1);
  EXPECT_THAT(Findings(), IsEmpty());
  Reopen();
  ASSERT_THAT(books_.entries, SizeIs(1));
  EXPECT_EQ(books_.entries[0].action, AdminAction::kCorrectUsage);
  EXPECT_EQ(books_.entries[0].chip_nanos, -2);
  EXPECT_EQ(books_.entries[0].busy_chip_nanos, 1);
  EXPECT_EQ(books_.entries[0].windows, 1);
  // No counter of the present has moved.
  for (const BookTotal& total : books_.totals) EXPECT_EQ(total.amounts.chips, 0);
  EXPECT_THAT(Booked(), SizeIs(1));
}

TEST_F(HistoryTest, WhatWasTakenToNothingIsNothing) {
  Import(Window(kLongAgo, kDay, {Group("serving", kDay, kHour), Group("lab", 3, 1)}));
  const auto taken = Booked();
  ASSERT_TRUE(Restate(taken, {Window(kLongAgo, kDay, {})}).ok());
  for (const char* table : {"hours", "totals", "model_usage", "history_totals"}) {
    EXPECT_EQ(Nanos("chips", std::string("FROM ") + table), 0) << table;
  }
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(HistoryTest, ATransactionThatFailsChangesNothing) {
  Import(Window(kLongAgo, kHour, {Group("serving", 7, 3)}));
  HistoryWindow broken = Window(kLongAgo, kHour, {Group("serving", 5, 4)});
  broken.terms.clear();
  const auto taken = Booked();
  EXPECT_EQ(Restate(taken, {broken}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Nanos("chips", "FROM hours"), 7);
  EXPECT_THAT(Booked(), SizeIs(1));
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(HistoryTest, ARenamedSourceKeepsItsHistory) {
  Import(Window(kLongAgo, kHour, {Group("serving", 7, 3)}));
  AdminEntry entry;
  entry.number = ++entries_;
  entry.action = AdminAction::kRename;
  entry.identity = "ada";
  entry.reason = "moved";
  entry.source = "billing";
  entry.new_source = "invoices";
  LedgerTransaction transaction;
  transaction.now_unix_nanos = now_;
  transaction.entries.push_back(entry);
  transaction.renamed_windows = counted_;
  ASSERT_TRUE(ledger_->Commit(transaction).ok());
  EXPECT_THAT(Booked(), IsEmpty());
  const auto windows = ledger_->HistoryWindows("invoices", {0, INT64_MAX});
  ASSERT_TRUE(windows.ok());
  EXPECT_THAT(*windows, SizeIs(1));
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(HistoryTest, VerifyFindsACorrectionThatDoesNotAddUp) {
  Import(Window(kLongAgo, kHour, {Group("serving", 7, 3)}));
  ASSERT_TRUE(Restate(Booked(), {Window(kLongAgo, kHour, {Group("serving", 5, 4)})}).ok());
  ledger_.reset();
  Tamper(path_, "UPDATE admin_entries SET busy_ns = 7");
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("another difference of usage")));
}

// Random restatements, also while days and quarters are closed and hours are dropped: the books say
// what one import of the last that was told would have said.
TEST_F(HistoryTest, RandomRestatementsEqualTheFinalTruth) {
  auto options = LedgerOptions(path_);
  ledger_.reset();
  options.keep_hours_nanos = 20 * kDay;
  options.max_lateness_nanos = kDay;
  ledger_ = OpenLedger(options);
  std::mt19937_64 random(23);
  const auto pick = [&](int64_t below) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(below));
  };
  const auto random_groups = [&] {
    std::vector<UsageGroup> groups;
    for (const char* pool : {"serving", "lab", "search"}) {
      if (pick(3) == 0) continue;
      const int64_t chips = pick(1'000'000'000'000'000);
      groups.push_back(Group(pool, chips, pick(chips + 1), pick(2) == 0 ? "atlas" : "nova"));
    }
    return groups;
  };
  constexpr int kWindows = 12;
  constexpr int64_t kLength = 7 * kHour + 13;
  std::map<int, std::vector<UsageGroup>> truth;
  for (int i = 0; i < kWindows; ++i) {
    truth[i] = random_groups();
    Import(Window(kLongAgo + i * kLength, kLength, truth[i]));
  }
  for (int step = 0; step < 60; ++step) {
    now_ += pick(3 * kDay);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(ledger_->Maintain(now_).ok());
    const auto booked = Booked();
    ASSERT_THAT(booked, SizeIs(kWindows));
    const int at = static_cast<int>(pick(kWindows));
    truth[at] = random_groups();
    const absl::Status restated = Restate({booked[static_cast<size_t>(at)]},
                                          {Window(kLongAgo + at * kLength, kLength, truth[at])});
    ASSERT_TRUE(restated.ok()) << restated;
  }
  ASSERT_THAT(Findings(), IsEmpty());
  std::map<std::string, int64_t> seconds;  // by pool; whole chip-seconds are below 64 bits
  for (const auto& [at, groups] : truth) {
    for (const UsageGroup& group : groups) seconds[group.pool] += group.chip_nanos;
  }
  for (const auto& [pool, nanos] : seconds) {
    const std::string of_pool = "WHERE pool = '" + pool + "'";
    EXPECT_EQ(Nanos("chips", "FROM totals " + of_pool), nanos) << pool;
    EXPECT_EQ(Nanos("chips", "FROM model_usage " + of_pool), nanos) << pool;
  }
}

}  // namespace
}  // namespace fleetmeter
