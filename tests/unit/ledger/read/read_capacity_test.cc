#include "daemon/ledger/read/read_capacity.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "daemon/base/calendar.h"
#include "daemon/ledger/read/read_usage.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "fmt/chrono.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using capacity::PoolHour;
using capacity::UsedPeriod;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kFirst = 1'767'225'600;  // 2026-01-01
constexpr int64_t kHourAfter = kFirst + kSecondsPerHour;

std::string HourText(int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

absl::int128 SumOf(const std::vector<UsedPeriod>& periods) {
  absl::int128 sum = 0;
  for (const UsedPeriod& period : periods) sum += period.assigned_chip_nanos;
  return sum;
}

class ReadCapacityTest : public testing::Test {
 protected:
  void SetUp() override {
    options_ = LedgerOptions(path_);
    options_.max_lateness_nanos = kHour;
    options_.keep_hours_nanos = 10 * kDay;
    options_.keep_days_nanos = 100 * kDay;
    ledger_ = OpenLedger(options_);
    ASSERT_NE(ledger_, nullptr);
  }

  // Chips of the kind "half" in a window, by a source of its own.
  void Use(const std::string& source, int64_t from, int64_t to, const std::string& pool,
           int64_t chips, const std::string& workload = "job") {
    const int64_t nanos = (to - from) * kNanosPerSecond;
    UsageGroup group = MakeGroup(pool, "red", chips * nanos);
    group.busy_chip_nanos = chips * nanos / 4;
    group.workload = workload;
    const absl::Status status = ledger_->Commit(
        OneReport(source, from * kNanosPerSecond, nanos, group, to * kNanosPerSecond));
    ASSERT_TRUE(status.ok()) << status;
  }
  void Plan1(std::vector<std::pair<std::string, double>> pools, int64_t effective_from) {
    ReferenceData model;
    Plan plan;
    plan.name = "plan";
    plan.version = ++plan_version_;
    plan.effective_from_unix_nanos = effective_from * kNanosPerSecond;
    for (auto& [name, h100e] : pools) {
      plan.pools.push_back({.name = name,
                            .category = Category::kTraining,
                            .tier = Tier::kP1,
                            .owner = "",
                            .contact = "",
                            .teams = {},
                            .allocated_h100e = h100e,
                            .policy = {}});
    }
    model.plans = {plan};
    ASSERT_TRUE(ledger_->RecordReferenceData(model, effective_from * kNanosPerSecond).ok());
  }
  void Pass(int64_t seconds) {
    for (int i = 0; i < 400; ++i) {
      ASSERT_TRUE(ledger_->Maintain(seconds * kNanosPerSecond).ok());
    }
  }
  std::unique_ptr<Database> Read() {
    auto database = OpenLedgerToRead(path_);
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }

  TempFolder folder_;
  std::string path_ = folder_.PathOf("books");
  SqliteLedgerOptions options_;
  std::unique_ptr<SqliteLedger> ledger_;
  uint32_t plan_version_ = 0;
};

TEST_F(ReadCapacityTest, TellsHoursByTeamWorkloadAndChip) {
  Use("host-1", kFirst + 1'800, kHourAfter + 1'800, "alpha", 4);
  Use("host-2", kFirst, kHourAfter, "beta", 2, "other");
  const auto used = ReadUsedPeriods(*Read(), kFirst, kFirst + 3 * kSecondsPerHour);
  ASSERT_TRUE(used.ok()) << used.status();
  ASSERT_EQ(used->periods.size(), 3U);
  const UsedPeriod& first = used->periods[0];
  EXPECT_EQ(first.start_unix_seconds, kFirst);
  EXPECT_EQ(first.seconds, kSecondsPerHour);
  EXPECT_EQ(first.pool, "alpha");
  EXPECT_EQ(first.team, "red");
  EXPECT_EQ(first.workload, "job");
  EXPECT_EQ(first.chip, "half");
  EXPECT_EQ(first.assigned_chip_nanos, 4 * 1'800 * kNanosPerSecond);
  EXPECT_EQ(first.busy_chip_nanos, 1'800 * kNanosPerSecond);
  EXPECT_EQ(first.measured_chip_nanos, first.assigned_chip_nanos);
  EXPECT_EQ(used->periods[1].pool, "beta");
  EXPECT_EQ(used->periods[2].start_unix_seconds, kHourAfter);
  EXPECT_EQ(used->told.from_unix_seconds, kFirst);

  const auto of_one = ReadUsedPeriods(*Read(), kFirst, kHourAfter, "beta");
  ASSERT_TRUE(of_one.ok()) << of_one.status();
  ASSERT_EQ(of_one->periods.size(), 1U);
  EXPECT_EQ(of_one->periods[0].workload, "other");
}

TEST_F(ReadCapacityTest, NamesTheTimeThatNobodyToldOf) {
  Use("host-1", kFirst + 1'800, kFirst + 2'700, "alpha", 4);
  Use("host-2", kFirst + 2'000, kHourAfter, "alpha", 4);
  Use("host-3", kHourAfter + 600, kHourAfter + 1'200, "beta", 4);
  const auto used = ReadUsedPeriods(*Read(), kFirst, kFirst + 2 * kSecondsPerHour);
  ASSERT_TRUE(used.ok()) << used.status();
  EXPECT_EQ(used->told.told_seconds, 1'800 + 600);
  EXPECT_EQ(used->told.untold_seconds, 2 * 3'600 - 1'800 - 600);
  const auto span = [](int64_t from, int64_t to) {
    return TimeSpan{from * kNanosPerSecond, to * kNanosPerSecond};
  };
  EXPECT_THAT(used->told.untold,
              ElementsAre(span(kFirst, kFirst + 1'800), span(kHourAfter, kHourAfter + 600),
                          span(kHourAfter + 1'200, kHourAfter + 3'600)));
}

TEST_F(ReadCapacityTest, EmptyBooksTellNothing) {
  const auto used = ReadUsedPeriods(*Read(), kFirst, kHourAfter);
  ASSERT_TRUE(used.ok()) << used.status();
  EXPECT_THAT(used->periods, IsEmpty());
  EXPECT_EQ(used->told.from_unix_seconds, kHourAfter);
  EXPECT_EQ(used->told.told_seconds, 0);
  EXPECT_EQ(used->told.untold_seconds, 3'600);
  EXPECT_THAT(*ReadPoolPeaks(*Read(), kFirst, kHourAfter), IsEmpty());
  const auto hours = ReadPoolHours(*Read(), kFirst, kHourAfter);
  ASSERT_TRUE(hours.ok()) << hours.status();
  EXPECT_THAT(hours->hours, IsEmpty());
  EXPECT_EQ(hours->told.untold_seconds, 3'600);
}

TEST_F(ReadCapacityTest, RefusesBoundsWithinHours) {
  for (const auto& [from, to] : {std::pair{kFirst, kFirst + 1},
                                 {kFirst + 1, kHourAfter},
                                 {kFirst, kFirst},
                                 {kHourAfter, kFirst},
                                 {-3'600L, kFirst},
                                 {kFirst, int64_t{3'600} << 50}}) {
    const auto used = ReadUsedPeriods(*Read(), from, to);
    EXPECT_EQ(used.status().code(), absl::StatusCode::kInvalidArgument) << from << " " << to;
    EXPECT_FALSE(ReadPoolPeaks(*Read(), from, to).ok());
    EXPECT_FALSE(ReadPoolHours(*Read(), from, to).ok());
  }
}

// What became days and quarters is told in days and quarters, and no chip-nanosecond is lost.
TEST_F(ReadCapacityTest, TellsDaysAndQuartersWhereHoursAreGone) {
  Use("host-1", kFirst, kFirst + kSecondsPerHour, "alpha", 1);
  Use("host-2", kFirst + 95 * kSecondsPerDay, kFirst + 95 * kSecondsPerDay + 3'600, "alpha", 2);
  const int64_t last = kFirst + 130 * kSecondsPerDay;
  Use("host-3", last, last + 3'600, "alpha", 3);
  Pass(last + kSecondsPerDay);
  const auto lengths = [&](int64_t from, int64_t to) {
    const auto used = ReadUsedPeriods(*Read(), from, to);
    EXPECT_TRUE(used.ok()) << used.status();
    std::vector<std::tuple<int64_t, int64_t, int64_t, std::string>> found;
    for (const UsedPeriod& p : used->periods) {
      found.emplace_back(p.start_unix_seconds, p.seconds,
                         static_cast<int64_t>(p.assigned_chip_nanos / kNanosPerHour), p.workload);
    }
    return found;
  };
  const int64_t day = kFirst + 95 * kSecondsPerDay;
  const std::tuple quarter_row(kFirst, 90 * kSecondsPerDay, int64_t{1}, std::string());
  const std::tuple day_row(day, kSecondsPerDay, int64_t{2}, std::string("job"));
  const std::tuple hour_row(last, kSecondsPerHour, int64_t{3}, std::string("job"));
  EXPECT_THAT(lengths(kFirst, last + 3'600), ElementsAre(quarter_row, day_row, hour_row));
  // Whole, wherever the asked time begins or ends within.
  EXPECT_THAT(lengths(kFirst + 40 * kSecondsPerDay, kFirst + 41 * kSecondsPerDay),
              ElementsAre(quarter_row));
  EXPECT_THAT(lengths(day + 7'200, day + 10'800), ElementsAre(day_row));
  const auto used = ReadUsedPeriods(*Read(), kFirst, last + 3'600);
  EXPECT_EQ(used->told.from_unix_seconds, ReadInteger(path_, "SELECT hours_from FROM rollup"));
  EXPECT_EQ(used->told.told_seconds, 3'600);
  // Peaks and lending are of hours.
  const auto peaks = ReadPoolPeaks(*Read(), kFirst, last + 3'600);
  ASSERT_TRUE(peaks.ok()) << peaks.status();
  ASSERT_EQ(peaks->size(), 1U);
  EXPECT_EQ(peaks->at("alpha").hour_unix_seconds, last);
  EXPECT_EQ(peaks->at("alpha").micro_h100e, 1'500'000);
}

// Late usage counts in the hour of its use.
TEST_F(ReadCapacityTest, CountsACorrectionInItsHour) {
  Use("host-1", kFirst, kHourAfter, "alpha", 1);
  Pass(kFirst + 3 * kSecondsPerHour);
  LedgerTransaction late = OneReport("host-2", kFirst * kNanosPerSecond, kNanosPerHour,
                                     MakeGroup("alpha", "red", 5 * kNanosPerHour),
                                     (kFirst + 5 * kSecondsPerHour) * kNanosPerSecond);
  late.counted[0].adjustment = true;
  ASSERT_TRUE(ledger_->Commit(late).ok());
  const auto used = ReadUsedPeriods(*Read(), kFirst, kHourAfter);
  ASSERT_TRUE(used.ok()) << used.status();
  EXPECT_EQ(SumOf(used->periods), 6 * absl::int128(kNanosPerHour));
  EXPECT_EQ(ReadPoolPeaks(*Read(), kFirst, kHourAfter)->at("alpha").micro_h100e, 3'000'000);
}

TEST_F(ReadCapacityTest, FindsTheBusiestHour) {
  Use("host-1", kFirst, kHourAfter, "alpha", 3);
  Use("host-2", kHourAfter, kHourAfter + 3'600, "alpha", 4);
  Use("host-3", kHourAfter + 3'600, kHourAfter + 7'200, "alpha", 4);
  Use("host-4", kFirst, kFirst + 1, "beta", 1);
  const auto peaks = ReadPoolPeaks(*Read(), kFirst, kFirst + kSecondsPerDay);
  ASSERT_TRUE(peaks.ok()) << peaks.status();
  EXPECT_EQ(peaks->at("alpha").micro_h100e, 2'000'000);
  EXPECT_EQ(peaks->at("alpha").hour_unix_seconds, kHourAfter);  // the first of both
  EXPECT_EQ(peaks->at("beta").micro_h100e, 139);                // 1/7200 of 1 H100e
  EXPECT_EQ(peaks->size(), 2U);
}

TEST_F(ReadCapacityTest, PutsHeldBesideAllocated) {
  Plan1({{"alpha", 1.5}, {"gamma", 2}}, kFirst);
  Use("host-1", kFirst, kHourAfter, "alpha", 4);
  Use("host-2", kFirst, kHourAfter, "beta", 2);
  const auto hours = ReadPoolHours(*Read(), kFirst, kFirst + 2 * kSecondsPerHour);
  ASSERT_TRUE(hours.ok()) << hours.status();
  ASSERT_EQ(hours->hours.size(), 3U);
  const auto row = [&](size_t i) {
    const PoolHour& hour = hours->hours[i];
    return std::tuple(hour.start_unix_seconds, hour.pool, hour.held, hour.allocated);
  };
  const absl::int128 h100e = kNanosPerHour;
  EXPECT_EQ(row(0), std::tuple(kFirst, "alpha", 2 * h100e, h100e * 3 / 2));
  EXPECT_EQ(row(1), std::tuple(kFirst, "beta", h100e, absl::int128(0)));
  EXPECT_EQ(row(2), std::tuple(kFirst, "gamma", absl::int128(0), 2 * h100e));
  EXPECT_EQ(hours->hours[0].unheard, 0);
  EXPECT_EQ(hours->hours[2].unheard, 2 * h100e) << "nobody ever told of it";
  // Nobody told of the second hour, so nothing was held by nobody.
  EXPECT_EQ(hours->told.told_seconds, 3'600);
  EXPECT_EQ(hours->told.untold_seconds, 3'600);
  EXPECT_THAT(hours->told.untold, ElementsAre(TimeSpan{kHourAfter * kNanosPerSecond,
                                                       (kHourAfter + 3'600) * kNanosPerSecond}));
}

TEST_F(ReadCapacityTest, LeavesOutHoursWithoutAPlan) {
  Plan1({{"alpha", 1}}, kHourAfter + 1'800);
  Use("host-1", kFirst, kFirst + 4 * kSecondsPerHour, "alpha", 4);
  const auto hours = ReadPoolHours(*Read(), kFirst, kFirst + 4 * kSecondsPerHour);
  ASSERT_TRUE(hours.ok()) << hours.status();
  ASSERT_EQ(hours->hours.size(), 2U);
  EXPECT_EQ(hours->hours[0].start_unix_seconds, kFirst + 2 * kSecondsPerHour);
  EXPECT_EQ(hours->told.told_seconds, 2 * 3'600);
  EXPECT_EQ(hours->told.untold_seconds, 2 * 3'600);
}

// A plan that comes into force within an hour grants for its part of it.
TEST_F(ReadCapacityTest, AddsUpWhatPlansAllocatedInAnHour) {
  Plan1({{"alpha", 1}}, kFirst - kSecondsPerDay);
  Plan1({{"alpha", 3}}, kFirst + 900);
  Use("host-1", kFirst, kHourAfter, "alpha", 4);
  const auto hours = ReadPoolHours(*Read(), kFirst, kHourAfter);
  ASSERT_TRUE(hours.ok()) << hours.status();
  ASSERT_EQ(hours->hours.size(), 1U);
  EXPECT_EQ(hours->hours[0].allocated, (900 * 1 + 2'700 * 3) * absl::int128(kNanosPerSecond));
}

// Of random books: hour by hour the same as other questions about them answer.
TEST_F(ReadCapacityTest, AgreesWithOtherReadersToTheChipNanosecond) {
  ledger_.reset();
  ledger_ = OpenLedger(LedgerOptions(path_));
  TransactionMaker maker(23);
  for (int i = 0; i < 60; ++i) {
    const LedgerTransaction transaction = maker.Next(kMinute * 7);
    ASSERT_TRUE(ledger_->Commit(transaction).ok());
    maker.Committed(transaction);
  }
  const int64_t from = DayOf(kLedgerStart / kNanosPerSecond) - 5 * kSecondsPerDay;
  const int64_t to = from + 10 * kSecondsPerDay;
  const auto database = Read();
  const auto used = ReadUsedPeriods(*database, from, to);
  ASSERT_TRUE(used.ok()) << used.status();
  const auto answer =
      ReadUsage(*database, {.from = from,
                            .to = to,
                            .by = {UsageKey::kHour, UsageKey::kPool, UsageKey::kTeam,
                                   UsageKey::kWorkload, UsageKey::kChip}});
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_GT(answer->rows.size(), 50U);
  ASSERT_EQ(used->periods.size(), answer->rows.size());
  for (size_t i = 0; i < used->periods.size(); ++i) {
    const UsedPeriod& p = used->periods[i];
    const UsageRow& row = answer->rows[i];
    EXPECT_THAT(row.keys,
                ElementsAre(HourText(p.start_unix_seconds), p.pool, p.team, p.workload, p.chip));
    EXPECT_EQ(p.assigned_chip_nanos, row.chips.chips);
    EXPECT_EQ(p.busy_chip_nanos, row.chips.busy);
    EXPECT_EQ(p.measured_chip_nanos, row.chips.measured);
  }
  const auto by_pool =
      ReadUsage(*database, {.from = from, .to = to, .by = {UsageKey::kHour, UsageKey::kPool}});
  ASSERT_TRUE(by_pool.ok()) << by_pool.status();
  std::map<std::string, PoolPeak, std::less<>> peaks;
  for (const UsageRow& row : by_pool->rows) {
    const auto micro = static_cast<int64_t>((row.h100e.chips + 1'800'000) / 3'600'000);
    PoolPeak& peak = peaks[row.keys[1]];
    peak.micro_h100e = std::max(peak.micro_h100e, micro);
  }
  const auto found = ReadPoolPeaks(*database, from, to);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), peaks.size());
  for (const auto& [pool, peak] : *found) EXPECT_EQ(peak.micro_h100e, peaks[pool].micro_h100e);
}

}  // namespace
}  // namespace fleetmeter
