// What a wrong clock leaves behind in a ledger is found.
#include "daemon/ledger/tools/verify_times.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "daemon/ledger/tools/verify.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

class VerifyTimesTest : public testing::Test {
 protected:
  VerifyTimesTest() {
    options_.max_lateness_nanos = kDay;
    options_.keep_sources_nanos = 3 * kDay;
    ledger_ = OpenLedger(options_);
  }

  // A window of `source`, an hour long, at a time when the books are sure that it is `now`.
  // `known`: what the writer remembers of the source before it.
  void Count(const std::string& source, int64_t start, int64_t now, const WindowSet& known = {}) {
    LedgerTransaction transaction;
    transaction.now_unix_nanos = transaction.confirmed_unix_nanos = now;
    LedgerEntry& entry = transaction.counted.emplace_back();
    entry.stream = {"sender", std::string(16, 's')};
    entry.sequence = ++sequence_;
    entry.report.source = source;
    entry.report.window_start_unix_nanos = start;
    entry.report.window_length_nanos = entry.report.duration_nanos = kHour;
    entry.report.groups.push_back(MakeGroup("p", "t", 1'000));
    entry.conversions.push_back(HalfChip());
    entry.terms.emplace_back();
    entry.plan = "plan";
    entry.plan_version = 1;
    entry.windows = known;
    entry.windows.Add({start, start + kHour});
    transaction.streams.push_back(
        {.stream = entry.stream, .sequence = sequence_, .epoch = 1, .digests = {}});
    const absl::Status committed = ledger_->Commit(transaction);
    ASSERT_TRUE(committed.ok()) << committed;
  }

  void Maintain(int64_t now) {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(ledger_->Maintain(now).ok());
  }

  std::vector<std::string> Findings() {
    const auto report = VerifyLedger(options_.path);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->findings : std::vector<std::string>{"unreadable"};
  }

  const TempFolder folder_;
  SqliteLedgerOptions options_ = LedgerOptions(folder_.PathOf("books"));
  std::unique_ptr<SqliteLedger> ledger_;
  uint64_t sequence_ = 0;
};

TEST_F(VerifyTimesTest, FindsNothingWherePeriodsCloseInTime) {
  Count("h1", kLedgerStart, kLedgerStart + kHour);
  Count("h2", kLedgerStart + 10 * kDay, kLedgerStart + 10 * kDay + kHour);
  Maintain(kLedgerStart + 10 * kDay + kHour);
  EXPECT_GT(ReadInteger(options_.path, "SELECT count(*) FROM closed_periods"), 0);
  EXPECT_EQ(ReadInteger(options_.path, "SELECT count(*) FROM expired_sources"), 1);
  EXPECT_THAT(Findings(), testing::IsEmpty());
}

TEST_F(VerifyTimesTest, FindsPeriodsThatWereClosedBeforeTheirTime) {
  Count("h1", kLedgerStart, kLedgerStart + kHour);
  Maintain(kLedgerStart + 3 * 365 * kDay);
  Count("h1", kLedgerStart + kHour, kLedgerStart + 2 * kHour);
  EXPECT_THAT(Findings(), testing::Contains(testing::HasSubstr("was closed before its time")));
  // Of a ledger of before the table.
  Tamper(options_.path, "DELETE FROM closed_periods");
  EXPECT_THAT(Findings(), testing::Contains(testing::HasSubstr("were closed before their time")));
}

TEST_F(VerifyTimesTest, FindsAWindowThatWasCountedAgainAfterItsSourceWasForgotten) {
  Count("h1", kLedgerStart, kLedgerStart + kHour);
  WindowSet known;
  known.Add({kLedgerStart, kLedgerStart + kHour});
  Count("h1", kLedgerStart + kHour, kLedgerStart + 2 * kHour, known);
  Maintain(kLedgerStart + 10 * kDay);
  ASSERT_EQ(ReadInteger(options_.path, "SELECT count(*) FROM sources"), 0);
  Count("h1", kLedgerStart, kLedgerStart + 10 * kDay);
  EXPECT_THAT(Findings(),
              testing::Contains(testing::HasSubstr("source h1 has counted time twice")));
}

TEST_F(VerifyTimesTest, ASourceThatComesBackHasCountedNothingTwice) {
  Count("h1", kLedgerStart, kLedgerStart + kHour);
  Count("h2", kLedgerStart, kLedgerStart + kHour);
  Count("h3", kLedgerStart + 10 * kDay - kHour, kLedgerStart + 10 * kDay);
  Maintain(kLedgerStart + 10 * kDay);
  // The writer has forgotten one of them as well, and still knows the other.
  Count("h1", kLedgerStart + 10 * kDay, kLedgerStart + 10 * kDay + kHour);
  WindowSet known;
  known.Add({kLedgerStart, kLedgerStart + kHour});
  Count("h2", kLedgerStart + 10 * kDay, kLedgerStart + 10 * kDay + 2 * kHour, known);
  EXPECT_EQ(ReadInteger(options_.path, "SELECT count(*) FROM expired_sources"), 1);
  EXPECT_THAT(Findings(), testing::IsEmpty());
}

TEST_F(VerifyTimesTest, FindsWindowsOfHistoryThatOverlap) {
  Count("h1", kLedgerStart, kLedgerStart + kHour);
  for (const int64_t start : {kLedgerStart, kLedgerStart + kHour - 1}) {
    Tamper(options_.path,
           fmt::format("INSERT INTO history_windows (source, window_start_unix_nanos, "
                       "window_length_nanos, plan_id) VALUES ('h1', {}, {}, 1)",
                       start, kHour));
  }
  EXPECT_THAT(Findings(), testing::Contains(testing::HasSubstr("a window of its history starts")));
}

TEST_F(VerifyTimesTest, TheConfirmedTimeOutlivesARestart) {
  Count("h1", kLedgerStart, kLedgerStart + kHour);
  Count("h1", kLedgerStart + 2 * kHour, kLedgerStart + 3 * kHour);
  ledger_.reset();
  RestoredBooks books;
  ledger_ = OpenLedger(options_, &books);
  EXPECT_EQ(books.confirmed_unix_nanos, kLedgerStart + 3 * kHour);
}

}  // namespace
}  // namespace fleetmeter
