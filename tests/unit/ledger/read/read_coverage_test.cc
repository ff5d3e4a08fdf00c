#include "daemon/ledger/read/read_coverage.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::DoubleEq;
using testing::DoubleNear;
using testing::Optional;

constexpr int64_t kStart = kLedgerStart + kHour / 2;  // a full hour

TimeSpan Hours(double from, double to) {
  return {kStart + static_cast<int64_t>(from * kHour), kStart + static_cast<int64_t>(to * kHour)};
}

WindowSet Told(const std::vector<TimeSpan>& spans) {
  WindowSet windows;
  for (const TimeSpan& span : spans) windows.Add(span);
  return windows;
}

TEST(Coverage, IsThatOfTheSourcesByTheirWeight) {
  const Coverage coverage({{.windows = Told({Hours(0, 3)}), .weight = 3},
                           {.windows = Told({Hours(0, 1), Hours(1.5, 3)}), .weight = 1}},
                          kDay);
  EXPECT_THAT(coverage.Of(Hours(0, 1)), Optional(DoubleEq(1)));
  EXPECT_THAT(coverage.Of(Hours(1, 2)), Optional(DoubleEq(0.875)));
  EXPECT_THAT(coverage.Of(Hours(1, 1.5)), Optional(DoubleEq(0.75)));
  EXPECT_THAT(coverage.Of(Hours(0, 3)), Optional(DoubleNear(1 - 0.125 / 3, 1e-12)));
}

TEST(Coverage, AHostThatFellSilentIsExpectedForAWhile) {
  const Coverage coverage({{.windows = Told({Hours(0, 1.25)}), .weight = 1},
                           {.windows = Told({Hours(0, 9)}), .weight = 1}},
                          2 * kHour);
  EXPECT_THAT(coverage.Of(Hours(1, 2)), Optional(DoubleEq(0.625)));
  EXPECT_THAT(coverage.Of(Hours(2, 3)), Optional(DoubleEq(0.5)));
  EXPECT_THAT(coverage.Of(Hours(4, 5)), Optional(DoubleEq(1)));
}

TEST(Coverage, ALongGapIsOfNobodyInItsMiddle) {
  const Coverage coverage({{.windows = Told({Hours(0, 1), Hours(10, 11)}), .weight = 1}}, kHour);
  EXPECT_THAT(coverage.Of(Hours(1, 2)), Optional(DoubleEq(0)));
  EXPECT_EQ(coverage.Of(Hours(3, 4)), std::nullopt);
  EXPECT_THAT(coverage.Of(Hours(10, 11)), Optional(DoubleEq(1)));
}

TEST(Coverage, TimeBeforeTheFirstHostToldIsNotKnown) {
  const Coverage coverage({{.windows = Told({Hours(1.5, 3)}), .weight = 1}}, kDay);
  EXPECT_EQ(coverage.Of(Hours(0, 1)), std::nullopt);
  EXPECT_THAT(coverage.Of(Hours(1, 2)), Optional(DoubleEq(1)));
}

TEST(Coverage, GapsThatMayHaveBeenClosedAreNotTakenForTold) {
  WindowSet windows;
  for (int64_t i = 0; i < 2'000; ++i) {
    const int64_t from = kStart + i * 2 * kMinute;
    windows.Add({from, from + kMinute});
  }
  const Coverage coverage({{.windows = windows, .weight = 1}}, kDay);
  EXPECT_EQ(coverage.Of(Hours(0, 1)), std::nullopt);
  EXPECT_THAT(coverage.Of(Hours(60, 61)), Optional(DoubleEq(0.5)));
}

TEST(ReadCoverage, IsOfTheHostsThatHoldThePoolsChips) {
  const TempFolder folder;
  const std::string path = folder.PathOf("books");
  const auto ledger = OpenLedger(LedgerOptions(path));
  LedgerTransaction transaction;
  transaction.now_unix_nanos = Hours(0, 2).end_unix_nanos;
  uint64_t sequence = 0;
  const auto tell = [&](const char* source, const char* pool, TimeSpan window, WindowSet* windows) {
    LedgerEntry& entry = transaction.counted.emplace_back();
    entry.stream = {"sender", "0123456789abcdef"};
    entry.sequence = ++sequence;
    entry.report.source = source;
    entry.report.window_start_unix_nanos = window.start_unix_nanos;
    entry.report.window_length_nanos = entry.report.duration_nanos =
        window.end_unix_nanos - window.start_unix_nanos;
    entry.report.groups.push_back(MakeGroup(pool, "team", entry.report.window_length_nanos));
    entry.conversions.push_back(HalfChip());
    entry.terms.emplace_back();
    entry.plan = "plan";
    entry.plan_version = 1;
    windows->Add(window);
    entry.windows = *windows;
    entry.latest = true;
  };
  WindowSet steady;
  WindowSet broken;
  WindowSet other;
  tell("steady", "alpha", Hours(0, 2), &steady);
  tell("broken", "alpha", Hours(0, 0.5), &broken);
  tell("other", "beta", Hours(0, 1), &other);
  ASSERT_TRUE(ledger->Commit(transaction).ok());
  const auto database = OpenLedgerToRead(path);
  ASSERT_TRUE(database.ok()) << database.status();
  const auto all = ReadCoverageWithin(**database, "", kDay);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 2);
  EXPECT_THAT(all->at("alpha").Of(Hours(0, 1)), Optional(DoubleEq(0.75)));
  EXPECT_THAT(all->at("alpha").Of(Hours(1, 2)), Optional(DoubleEq(0.5)));
  EXPECT_THAT(all->at("beta").Of(Hours(0, 1)), Optional(DoubleEq(1)));
  const auto one = ReadCoverageWithin(**database, "beta", kDay);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->size(), 1);
}

}  // namespace
}  // namespace fleetmeter
