// Outcomes by days of another zone than UTC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/calendar.h"
#include "daemon/ledger/read/read_outcomes.h"
#include "daemon/ledger/sqlite/day_zone_row.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;

constexpr int64_t kMarch = 1'772'323'200;  // 2026-03-01, a name of a day
constexpr int64_t kApril = kMarch + 31 * kSecondsPerDay;
constexpr int64_t kMay = kApril + 30 * kSecondsPerDay;

class LedgerDayZoneTest : public testing::Test {
 protected:
  SqliteLedgerOptions Options(const std::string& zone) const {
    SqliteLedgerOptions options = LedgerOptions(path_);
    options.day_zone = *DayZone::Load(zone);
    return options;
  }

  // An invoice of April by the clocks of a zone.
  absl::Status BookApril(SqliteLedger& ledger, const DayZone& zone) {
    OutcomeEntry entry;
    entry.stream = {"billing", "0123456789abcdef"};
    entry.sequence = ++sequence_;
    entry.kind = OutcomeKind::kInference;
    entry.source = "billing";
    const int64_t begin = zone.BeginOf(kApril) * kNanosPerSecond;
    const int64_t end = zone.BeginOf(kMay) * kNanosPerSecond;
    entry.window_start_unix_nanos = begin;
    entry.window_length_nanos = end - begin;
    entry.windows = WindowSet({begin, end}, {});
    entry.inference.push_back({.model = "atlas",
                               .customer_tier = "pro",
                               .pool = "",
                               .workload = "",
                               .amounts = {.requests = 4'000}});
    LedgerTransaction transaction;
    transaction.now_unix_nanos = end + kHour;
    transaction.streams.push_back(
        {.stream = entry.stream, .sequence = sequence_, .epoch = 1, .digests = {}});
    transaction.outcomes.push_back(std::move(entry));
    return ledger.Commit(transaction);
  }

  int64_t Requests(int64_t from, int64_t to) {
    const auto database = OpenLedgerToRead(path_);
    EXPECT_TRUE(database.ok()) << database.status();
    const auto sums = ReadInference(**database, {from, to});
    EXPECT_TRUE(sums.ok()) << sums.status();
    return sums->empty() ? 0 : sums->at(0).amounts.requests;
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("books");
  uint64_t sequence_ = 0;
};

TEST_F(LedgerDayZoneTest, AMonthOfTheZoneIsThatMonthAndNoOther) {
  for (const char* name : {"Europe/Berlin", "Asia/Kolkata", "America/Los_Angeles"}) {
    const TempFolder folder;
    SqliteLedgerOptions options = LedgerOptions(folder.PathOf("books"));
    options.day_zone = *DayZone::Load(name);
    const auto ledger = OpenLedger(options);
    ASSERT_TRUE(BookApril(*ledger, options.day_zone).ok());
    const auto read = [&](int64_t from, int64_t to) {
      return ReadInteger(
          options.path,
          "SELECT coalesce(sum(requests), 0) FROM inference_days WHERE day_start >= " +
              std::to_string(from) + " AND day_start < " + std::to_string(to));
    };
    EXPECT_EQ(read(kApril, kMay), 4'000) << name;
    EXPECT_EQ(read(0, kMay + 400 * kSecondsPerDay), 4'000) << name;
    sequence_ = 0;
  }
}

TEST_F(LedgerDayZoneTest, ByUtcTwoHoursOfItAreInMarch) {
  const auto ledger = OpenLedger(Options("UTC"));
  ASSERT_TRUE(BookApril(*ledger, *DayZone::Load("Europe/Berlin")).ok());
  EXPECT_EQ(Requests(kMarch, kApril), 4'000 * 2 / (30 * 24));
  EXPECT_EQ(Requests(kMarch, kMay), 4'000);
}

TEST_F(LedgerDayZoneTest, ALedgerThatHasDaysKeepsItsZone) {
  {
    const auto ledger = OpenLedger(Options("UTC"));
  }
  {
    const auto ledger = OpenLedger(Options("Europe/Berlin"));  // nothing is booked yet
    ASSERT_TRUE(BookApril(*ledger, *DayZone::Load("Europe/Berlin")).ok());
  }
  const auto refused = SqliteLedger::Open(Options("UTC"));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(refused.status().message()),
      HasSubstr("has outcomes by the days of Europe/Berlin, and outcomes.time_zone is UTC"));
  {
    const auto ledger = OpenLedger(Options("Europe/Berlin"));
  }
  const auto database = OpenLedgerToRead(path_);
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(ReadDayZone(**database)->name(), "Europe/Berlin");
}

}  // namespace
}  // namespace fleetmeter
