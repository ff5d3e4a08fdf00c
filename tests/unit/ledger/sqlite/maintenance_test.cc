// Closing periods: what becomes of hours, days and names as time goes by.
#include <fmt/format.h>

#include "daemon/base/calendar.h"
#include "daemon/ledger/tools/verify.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

constexpr int64_t Seconds(int64_t nanos) { return nanos / kNanosPerSecond; }

// One report of a source of its own, over `length` from `start`.
int Settle(SqliteLedger& ledger, const std::string& path, int64_t now) {
  int slices = 0;
  for (std::string before; ledger.Maintain(now).ok() && slices < 10'000; ++slices) {
    const std::string after =
        ReadText(path,
                 "SELECT closed_through || '/' || days_through || '/' || quarters_through "
                 "|| '/' || hours_from || '/' || days_from || '/' || hour_cursor || '/' || "
                 "day_cursor || '/' || (SELECT count(*) FROM usage_hours) || '/' || "
                 "(SELECT count(*) FROM usage_days) || '/' || "
                 "(SELECT count(*) FROM workloads) FROM rollup");
    if (after == before) break;
    before = after;
  }
  return slices;
}

std::vector<std::string> FindingsOf(const std::string& path) {
  const auto report = VerifyLedger(path);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? report->findings : std::vector<std::string>{"unreadable"};
}

absl::int128 ChipNanos(const std::string& path, const std::string& from) {
  return absl::int128(ReadInteger(path, "SELECT coalesce(sum(chips_s), 0) FROM " + from)) *
             kNanosPerSecond +
         ReadInteger(path, "SELECT coalesce(sum(chips_ns), 0) FROM " + from);
}

TEST(Calendar, KnowsItsQuarters) {
  EXPECT_EQ(QuarterOf(0), 0);
  EXPECT_EQ(QuarterOf(0, 1), 90 * kSecondsPerDay);
  const int64_t leap = 1'709'164'800;  // 2024-02-29
  EXPECT_EQ(QuarterOf(leap), 1'704'067'200);
  EXPECT_EQ(QuarterOf(leap, 1), 1'711'929'600);
  EXPECT_EQ(QuarterOf(1'711'929'599), 1'704'067'200);
  EXPECT_EQ(QuarterOf(1'711'929'600), 1'711'929'600);
}

TEST(Maintenance, RollsUpWithoutLosingOrDoublingAnything) {
  const TempFolder folder;
  auto options = LedgerOptions(folder.PathOf("books"));
  options.keep_hours_nanos = 3 * kDay;
  options.keep_days_nanos = 100 * kDay;
  TransactionMaker maker(21);
  auto ledger = OpenLedger(options);
  // Half a year, a transaction every nine hours.
  for (int i = 0; i < 500; ++i) {
    const LedgerTransaction transaction = maker.Next(9 * kHour);
    ASSERT_TRUE(ledger->Commit(transaction).ok());
    maker.Committed(transaction);
    ASSERT_TRUE(ledger->Maintain(maker.now()).ok());
    if (i % 100 == 50) {
      ledger.reset();  // a restart in the middle of it
      ledger = OpenLedger(options);
    }
    if (i % 25 == 0) {
      ASSERT_THAT(FindingsOf(options.path), testing::IsEmpty()) << i;
    }
  }
  Settle(*ledger, options.path, maker.now());
  EXPECT_THAT(FindingsOf(options.path), testing::IsEmpty());
  // Each table has its part, and the parts are the whole.
  EXPECT_GT(ReadInteger(options.path, "SELECT count(*) FROM usage_hours"), 0);
  EXPECT_GT(ReadInteger(options.path, "SELECT count(*) FROM usage_days"), 0);
  EXPECT_GE(ReadInteger(options.path, "SELECT count(DISTINCT quarter_start) FROM usage_quarters"),
            2);
  const absl::int128 parts =
      ChipNanos(options.path, "usage_hours, rollup WHERE hour_start >= days_through") +
      ChipNanos(options.path,
                "usage_days, rollup WHERE day_start < days_through AND "
                "day_start >= quarters_through") +
      ChipNanos(options.path, "usage_quarters, rollup WHERE quarter_start < quarters_through");
  UsageAmounts all;
  for (const auto& [cell, amounts] : maker.totals()) all += amounts;
  EXPECT_EQ(parts, all.chips);
  // What is older than its keeping is gone.
  EXPECT_GE(ReadInteger(options.path, "SELECT min(hour_start) FROM usage_hours"),
            DayOf(Seconds(maker.now() - options.keep_hours_nanos)));
  EXPECT_GE(ReadInteger(options.path, "SELECT min(day_start) FROM usage_days"),
            DayOf(Seconds(maker.now() - options.keep_days_nanos)));
}

TEST(Maintenance, KeepsADayOpenAsLongAsLateReportsMayCome) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  auto ledger = OpenLedger(options);
  const int64_t midnight = kLedgerStart + kHour + kHour / 2;
  ASSERT_TRUE(ledger
                  ->Commit(OneReport("a", kLedgerStart, kHour, MakeGroup("p", "t", 1'000),
                                     kLedgerStart + kHour))
                  .ok());
  Settle(*ledger, options.path, midnight + options.max_lateness_nanos - kNanosPerSecond);
  EXPECT_EQ(ReadInteger(options.path, "SELECT closed_through FROM rollup"), 0);
  Settle(*ledger, options.path, midnight + options.max_lateness_nanos);
  EXPECT_EQ(ReadInteger(options.path, "SELECT closed_through FROM rollup"), Seconds(midnight));
  EXPECT_EQ(ReadInteger(options.path, "SELECT days_through FROM rollup"), Seconds(midnight));
}

TEST(Maintenance, BooksWhatComesForAClosedHourAsACorrection) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  auto ledger = OpenLedger(options);
  const int64_t midnight = kLedgerStart + kHour + kHour / 2;
  const int64_t later = midnight + 8 * kHour;
  ASSERT_TRUE(
      ledger->Commit(OneReport("a", kLedgerStart, kHour, MakeGroup("p", "t", 1'000), later)).ok());
  Settle(*ledger, options.path, later);
  const int64_t day = ReadInteger(options.path, "SELECT chips_ns FROM usage_days");
  ASSERT_EQ(day, 1'000);
  // Half of this window lies in the closed day, the other half in the open one.
  ASSERT_TRUE(
      ledger->Commit(OneReport("b", midnight - kHour / 2, kHour, MakeGroup("p", "t", 501), later))
          .ok());
  EXPECT_EQ(ReadInteger(options.path, "SELECT chips_ns FROM usage_days"), day);
  EXPECT_EQ(ReadInteger(options.path,
                        fmt::format("SELECT chips_ns FROM usage_hours WHERE hour_start = {} AND "
                                    "corrects_hour = {}",
                                    HourOf(later), Seconds(midnight) - 3'600)),
            250);
  EXPECT_EQ(ReadInteger(options.path,
                        fmt::format("SELECT chips_ns FROM usage_hours WHERE hour_start = {} AND "
                                    "corrects_hour = 0",
                                    Seconds(midnight))),
            251);
  EXPECT_THAT(FindingsOf(options.path), testing::IsEmpty());
  // The correction keeps saying what it corrects when its own day is rolled up.
  Settle(*ledger, options.path, later + 2 * kDay);
  EXPECT_EQ(ReadInteger(options.path,
                        fmt::format("SELECT chips_ns FROM usage_days WHERE corrects_day = {}",
                                    DayOf(Seconds(midnight) - 1))),
            250);
  EXPECT_THAT(FindingsOf(options.path), testing::IsEmpty());
}

TEST(Maintenance, BooksAnAdjustmentWhollyInTheHourOfNow) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  auto ledger = OpenLedger(options);
  // Half an hour of each of two hours, booked three days on.
  LedgerTransaction transaction =
      OneReport("a", kLedgerStart, kHour, MakeGroup("p", "t", 601), kLedgerStart + 3 * kDay);
  transaction.counted[0].adjustment = true;
  ASSERT_TRUE(ledger->Commit(transaction).ok());
  const int64_t own = HourOf(kLedgerStart);
  const int64_t booked = HourOf(kLedgerStart + 3 * kDay);
  EXPECT_EQ(ReadInteger(options.path, "SELECT count(*) FROM usage_hours"), 2);
  for (const auto& [corrects, nanos] : {std::pair{own, 300}, {own + 3'600, 301}}) {
    EXPECT_EQ(ReadInteger(options.path,
                          fmt::format("SELECT chips_ns FROM usage_hours WHERE hour_start = {} AND "
                                      "corrects_hour = {}",
                                      booked, corrects)),
              nanos);
  }
}

TEST(Maintenance, NeverTouchesAClosedHourWhateverTheClockSays) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  auto ledger = OpenLedger(options);
  const int64_t midnight = kLedgerStart + kHour + kHour / 2;
  ASSERT_TRUE(
      ledger->Commit(OneReport("a", kLedgerStart, kHour, MakeGroup("p", "t", 9), midnight)).ok());
  Settle(*ledger, options.path, midnight + kDay);
  // The clock has been set back into the closed day.
  ASSERT_TRUE(
      ledger->Commit(OneReport("b", kLedgerStart, kHour, MakeGroup("p", "t", 7), kLedgerStart))
          .ok());
  EXPECT_EQ(ReadInteger(options.path,
                        fmt::format("SELECT sum(chips_ns) FROM usage_hours WHERE hour_start = {} "
                                    "AND corrects_hour > 0",
                                    Seconds(midnight))),
            7);
  EXPECT_THAT(FindingsOf(options.path), testing::IsEmpty());
}

UsageGroup Job(const std::string& pool, int number) {
  UsageGroup group = MakeGroup(pool, "t", 1'000 + number);
  group.workload = fmt::format("job-{}", number);
  group.workload_type = "train";
  group.model = "m";
  return group;
}

TEST(Workloads, BeyondThePoolsBudgetShareOneRowAndLoseNoTime) {
  const TempFolder folder;
  auto options = LedgerOptions(folder.PathOf("books"));
  options.workloads_per_pool = 5;
  auto ledger = OpenLedger(options);
  int64_t sum = 0;
  for (int i = 0; i < 12; ++i) {
    if (i == 7) {  // the budget is the file's, not the process's
      ledger.reset();
      ledger = OpenLedger(options);
    }
    ASSERT_TRUE(ledger
                    ->Commit(OneReport(fmt::format("host-{}", i), kLedgerStart, 1'000, Job("p", i),
                                       kLedgerStart + 1'000))
                    .ok());
    sum += 1'000 + i;
  }
  // One that has its row keeps it; another pool and another hour have budgets of their own.
  ASSERT_TRUE(
      ledger->Commit(OneReport("again", kLedgerStart, 1'000, Job("p", 2), kLedgerStart + 1'000))
          .ok());
  ASSERT_TRUE(
      ledger->Commit(OneReport("other", kLedgerStart, 1'000, Job("q", 11), kLedgerStart + 1'000))
          .ok());
  ASSERT_TRUE(ledger
                  ->Commit(OneReport("later", kLedgerStart + kHour, 1'000, Job("p", 11),
                                     kLedgerStart + kHour + 1'000))
                  .ok());
  const std::string first = fmt::format("hours WHERE hour_start = {} AND ", HourOf(kLedgerStart));
  EXPECT_EQ(ReadInteger(options.path, "SELECT count(*) FROM " + first + "pool = 'p'"), 6);
  EXPECT_EQ(ReadInteger(options.path, "SELECT sum(chips_ns) FROM " + first + "pool = 'p'"),
            sum + 1'002);
  EXPECT_EQ(ReadInteger(options.path, "SELECT chips_ns FROM " + first + "workload = 'overflow'"),
            7 * 1'000 + 5 + 6 + 7 + 8 + 9 + 10 + 11);
  EXPECT_EQ(ReadText(options.path, "SELECT workload_type || model || run FROM " + first +
                                       "workload = 'overflow'"),
            "");
  EXPECT_EQ(ReadInteger(options.path, "SELECT chips_ns FROM " + first + "workload = 'job-2'"),
            2'004);
  EXPECT_EQ(ReadText(options.path, "SELECT workload FROM " + first + "pool = 'q'"), "job-11");
  EXPECT_EQ(ReadText(options.path, fmt::format("SELECT workload FROM hours WHERE hour_start = {}",
                                               HourOf(kLedgerStart + kHour))),
            "job-11");
  EXPECT_THAT(FindingsOf(options.path), testing::IsEmpty());
}

TEST(Workloads, GiveTheirPlaceBackWhenTheTransactionIsNotKept) {
  const TempFolder folder;
  auto options = LedgerOptions(folder.PathOf("books"));
  options.workloads_per_pool = 1;
  auto ledger = OpenLedger(options);
  LedgerTransaction bad = OneReport("a", kLedgerStart, 1'000, Job("p", 1), kLedgerStart + 1'000);
  bad.terms.push_back({});
  bad.first_term = 9;  // found out after usage was written
  ASSERT_EQ(ledger->Commit(bad).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(
      ledger->Commit(OneReport("b", kLedgerStart, 1'000, Job("p", 2), kLedgerStart + 1'000)).ok());
  EXPECT_EQ(ReadText(options.path, "SELECT workload FROM hours"), "job-2");
}

TEST(Workloads, AreForgottenOnceNothingNamesThem) {
  const TempFolder folder;
  auto options = LedgerOptions(folder.PathOf("books"));
  options.keep_hours_nanos = 2 * kDay;
  options.keep_days_nanos = 10 * kDay;
  auto ledger = OpenLedger(options);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(ledger
                    ->Commit(OneReport(fmt::format("h{}", i), kLedgerStart, 1'000, Job("p", i),
                                       kLedgerStart + 1'000))
                    .ok());
  }
  Settle(*ledger, options.path, kLedgerStart + 4 * kDay);
  EXPECT_EQ(ReadInteger(options.path, "SELECT count(*) FROM workloads WHERE workload <> ''"), 3);
  Settle(*ledger, options.path, kLedgerStart + 200 * kDay);
  EXPECT_EQ(ReadInteger(options.path, "SELECT count(*) FROM usage_days"), 0);
  EXPECT_EQ(ReadInteger(options.path, "SELECT count(*) FROM workloads WHERE workload <> ''"), 0);
  // The quarter still tells kinds and models apart.
  EXPECT_EQ(ReadText(options.path, "SELECT workload_type || model FROM quarters"), "trainm");
  EXPECT_EQ(ReadInteger(options.path, "SELECT chips_ns FROM quarters"), 3'003);
  EXPECT_THAT(FindingsOf(options.path), testing::IsEmpty());
}

TEST(Rejections, AreKeptForAWhileAndCountedForEver) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  auto ledger = OpenLedger(options);
  LedgerTransaction transaction;
  transaction.now_unix_nanos = kLedgerStart;
  const StreamKey stream{"sender", std::string(16, 's')};
  for (uint64_t i = 1; i <= 3; ++i) {
    transaction.rejected.push_back(
        {stream, i, "host", {RejectReason::kUnknownPool, "groups[0].pool", "'x' is not a pool"}});
  }
  transaction.streams.push_back({.stream = stream, .sequence = 3, .epoch = 1, .digests = {}});
  ASSERT_TRUE(ledger->Commit(transaction).ok());
  EXPECT_EQ(ReadText(options.path,
                     "SELECT reason || ' ' || field || ' ' || detail FROM "
                     "rejected_reports WHERE sequence = 2"),
            "unknown_pool groups[0].pool 'x' is not a pool");
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(ledger->Maintain(kLedgerStart + options.keep_hours_nanos + kHour).ok());
  }
  EXPECT_EQ(ReadInteger(options.path, "SELECT count(*) FROM rejected_reports"), 0);
  EXPECT_EQ(ReadInteger(options.path, "SELECT reports FROM counters WHERE result = 'rejected'"), 3);
  EXPECT_THAT(FindingsOf(options.path), testing::IsEmpty());
}

// What a column of 64 bits cannot hold would fail the transaction, with the usage of others in it.
TEST(ActivityOfAPool, BeginsAnewWhenItIsFull) {
  const TempFolder folder;
  const std::string path = folder.PathOf("books");
  auto group = MakeGroup("p", "t", 100);
  group.samples = {{kMicroChipsPerChip, 1.0}, {kMicroChipsPerChip, 0.0}};
  auto ledger = OpenLedger(LedgerOptions(path));
  const auto commit = [&](const std::string& source) {
    return ledger->Commit(OneReport(source, kLedgerStart, 10 * kNanosPerSecond, group,
                                    kLedgerStart + 10 * kNanosPerSecond));
  };
  const auto activity = [&](const std::string& column) {
    return ReadInteger(path, "SELECT " + column + " FROM activity");
  };
  ASSERT_TRUE(commit("a").ok());
  EXPECT_EQ(activity("sum_micro"), 1'000'000);
  const auto set_sum = [&](uint64_t sum) {
    ledger.reset();  // it takes nothing once somebody else has written its file
    Tamper(path, fmt::format("UPDATE activity SET sum_micro = {}", sum));
    ledger = OpenLedger(LedgerOptions(path));
  };
  set_sum(ActivityHistogram::kMostSum);
  ASSERT_TRUE(commit("b").ok()) << "it is just not full";
  EXPECT_EQ(activity("observations"), 4);
  EXPECT_GT(activity("sum_micro"), static_cast<int64_t>(ActivityHistogram::kMostSum));
  set_sum(9'223'372'036'854'775'807U);
  ASSERT_TRUE(commit("c").ok());
  EXPECT_EQ(activity("observations"), 2);
  EXPECT_EQ(activity("sum_micro"), 1'000'000);
  EXPECT_EQ(activity("at_most_5"), 1);
  EXPECT_EQ(activity("at_most_100"), 2);
}

}  // namespace
}  // namespace fleetmeter
