#include "daemon/ledger/read/read_unheard.h"

#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/ledger/tools/verify.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::IsEmpty;

constexpr int64_t kStart = kLedgerStart + kHour / 2;  // a full hour

TimeSpan Hours(double from, double to) {
  return {kStart + static_cast<int64_t>(from * kHour), kStart + static_cast<int64_t>(to * kHour)};
}

// A witness, which holds chips of the pool "all", is heard from hour 0 to hour 24.
class ReadUnheardTest : public testing::Test {
 protected:
  ReadUnheardTest() {
    Tell("witness", "all", 1, Hours(0, 24));
    Commit();
  }

  // A source reports that it has held chips of the kind "half" for all of a window; no chips, and
  // it reports none.
  void Tell(const std::string& source, const std::string& pool, int64_t chips, TimeSpan window,
            const std::string& team = "red") {
    LedgerEntry& entry = transaction_.counted.emplace_back();
    entry.stream = {"sender", "0123456789abcdef"};
    entry.sequence = ++sequence_;
    entry.report.source = source;
    entry.report.window_start_unix_nanos = window.start_unix_nanos;
    const int64_t length = window.end_unix_nanos - window.start_unix_nanos;
    entry.report.window_length_nanos = entry.report.duration_nanos = length;
    if (chips > 0) {
      entry.report.groups.push_back(MakeGroup(pool, team, chips * length));
      entry.conversions.push_back(HalfChip());
      entry.terms.emplace_back();
    }
    entry.plan = "plan";
    entry.plan_version = 1;
    WindowSet& windows = windows_[source];
    entry.latest = windows.empty() || windows.counted().end_unix_nanos <= window.start_unix_nanos;
    windows.Add(window);
    entry.windows = windows;
  }
  void Commit() {
    transaction_.now_unix_nanos = Hours(0, 24).end_unix_nanos;
    transaction_.streams = {{.stream = {"sender", "0123456789abcdef"},
                             .sequence = sequence_,
                             .epoch = 1,
                             .digests = {}}};
    const absl::Status committed = ledger_->Commit(transaction_);
    ASSERT_TRUE(committed.ok()) << committed;
    transaction_ = {};
  }
  void Decide(AdminAction action, const std::string& source, double at_hour) {
    AdminEntry& entry = transaction_.entries.emplace_back();
    entry.number = ++entries_;
    entry.entered_unix_nanos = transaction_.now_unix_nanos = Hours(0, at_hour).end_unix_nanos;
    entry.action = action;
    entry.identity = "local";
    entry.reason = "a test";
    entry.source = source;
    entry.whole_source = action == AdminAction::kForget;
    const absl::Status committed = ledger_->Commit(transaction_);
    ASSERT_TRUE(committed.ok()) << committed;
    transaction_ = {};
  }

  // Chip-hours of a pool, by its teams.
  std::map<std::string, double> Unheard(const std::string& pool, double from, double to) const {
    auto ledger = OpenLedgerToRead(path_);
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    const auto told = ReadToldSpans(**ledger);
    EXPECT_TRUE(told.ok()) << told.status();
    const auto unheard =
        ReadUnheardWithin(**ledger, *told, kStart / kNanosPerSecond,
                          kStart / kNanosPerSecond + 48 * kHour / kNanosPerSecond, pool);
    EXPECT_TRUE(unheard.ok()) << unheard.status();
    std::map<std::string, double> hours;
    for (const auto& [key, nanos] : unheard->In(Hours(from, to))) {
      EXPECT_EQ(key.pool, pool);
      hours[key.team] += static_cast<double>(nanos) / kHour;
    }
    return hours;
  }
  double SumOf(const std::string& pool, double from, double to) const {
    double sum = 0;
    for (const auto& [team, hours] : Unheard(pool, from, to)) sum += hours;
    return sum;
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("books");
  const std::unique_ptr<SqliteLedger> ledger_ = OpenLedger(LedgerOptions(path_));
  LedgerTransaction transaction_;
  std::map<std::string, WindowSet> windows_;
  uint64_t sequence_ = 0;
  int64_t entries_ = 0;
};

TEST_F(ReadUnheardTest, OfSourcesThatAreHeardThereIsNothing) {
  EXPECT_THAT(Unheard("all", 0, 24), IsEmpty());
}

TEST_F(ReadUnheardTest, ASilentSourceHoldsWhatItHeldWhenItWasLastHeard) {
  Tell("host", "p", 4, Hours(1, 2));
  Tell("host", "p", 6, Hours(2, 3));
  Commit();
  EXPECT_EQ(SumOf("p", 0, 3), 0) << "it was not expected before its first window";
  EXPECT_EQ(SumOf("p", 3, 4), 6);
  EXPECT_EQ(SumOf("p", 23.5, 30), 3) << "nobody is told of after the witness";
}

// Also when it has come back and holds something else.
TEST_F(ReadUnheardTest, EachGapKeepsWhatWasHeldBeforeIt) {
  Tell("host", "p", 4, Hours(1, 2));
  Commit();
  Tell("host", "q", 2, Hours(5, 6));
  Tell("host", "q", 3, Hours(8, 9));
  Commit();
  Tell("host", "", 0, Hours(9, 10));
  Commit();
  EXPECT_EQ(SumOf("p", 0, 24), 3 * 4);
  EXPECT_EQ(SumOf("p", 2, 5), 3 * 4);
  EXPECT_EQ(SumOf("q", 6, 8), 2 * 2);
  EXPECT_EQ(SumOf("q", 0, 24), 2 * 2) << "it holds nothing any more";
}

TEST_F(ReadUnheardTest, LateReportsEndASilence) {
  Tell("host", "p", 4, Hours(1, 2));
  Tell("host", "p", 4, Hours(8, 9));
  Commit();
  Tell("host", "p", 4, Hours(2, 3));
  Commit();
  EXPECT_EQ(SumOf("p", 1, 9), 5 * 4);
  Tell("host", "p", 1, Hours(5, 6));
  Commit();
  EXPECT_EQ(SumOf("p", 3, 5), 2 * 4);
  EXPECT_EQ(SumOf("p", 6, 8), 2 * 1) << "it held less by then";
  Tell("host", "p", 4, Hours(6, 8));
  Tell("host", "p", 4, Hours(3, 5));
  Commit();
  EXPECT_EQ(SumOf("p", 0, 9), 0);
  EXPECT_EQ(ReadInteger(path_, "SELECT count(*) FROM silences"), 0);
}

TEST_F(ReadUnheardTest, APersonEndsASilenceAndNotItsPast) {
  Tell("host", "p", 4, Hours(1, 2));
  Commit();
  Decide(AdminAction::kForget, "host", 7);
  EXPECT_EQ(SumOf("p", 0, 24), 5 * 4);
  // It comes back, and is gone again.
  Tell("host", "p", 2, Hours(10, 11));
  Commit();
  Decide(AdminAction::kForget, "host", 12);
  EXPECT_EQ(SumOf("p", 2, 10), 5 * 4);
  EXPECT_EQ(SumOf("p", 10, 24), 2);
  EXPECT_THAT(VerifyLedger(path_)->findings, IsEmpty());
}

TEST_F(ReadUnheardTest, TellsTeamsApartAndTheChipsOfNobody) {
  Tell("host-1", "p", 4, Hours(1, 2), "red");
  Tell("host-2", "p", 3, Hours(1, 2), "blue");
  LedgerEntry& free = transaction_.counted.back();
  free.report.groups.push_back(MakeGroup("p", "", 2 * kHour));
  free.report.groups.back().state = ChipState::kUnassigned;
  free.report.groups.back().signal.clear();
  free.report.groups.back().busy_chip_nanos.reset();
  free.conversions.push_back(HalfChip());
  free.terms.emplace_back();
  Commit();
  EXPECT_EQ(Unheard("p", 2, 3), (std::map<std::string, double>{{"", 2}, {"blue", 3}, {"red", 4}}));
}

TEST_F(ReadUnheardTest, IsNothingWhileNobodyIsHeard) {
  windows_.clear();
  Tell("host", "p", 4, Hours(30, 31));
  Tell("host", "p", 4, Hours(33, 34));
  Commit();
  EXPECT_EQ(SumOf("p", 24, 40), 0);
}

TEST_F(ReadUnheardTest, SaysSinceWhenPoolsAreToldOf) {
  Tell("host", "p", 4, Hours(2.5, 3));
  Tell("host-2", "p", 4, Hours(1.25, 2));
  Commit();
  const auto pools = [&] {
    auto ledger = OpenLedgerToRead(path_);
    return *ReadPoolsFrom(**ledger);
  };
  EXPECT_EQ(pools().at("p"), Hours(1.25, 2).start_unix_nanos);
  EXPECT_FALSE(pools().contains("q"));
  Tell("host", "p", 4, Hours(0.5, 0.75));
  Commit();
  EXPECT_EQ(pools().at("p"), Hours(0.5, 1).start_unix_nanos);
}

TEST(StepCurve, IsTheSumOfItsParts) {
  const StepCurve curve({{{0, 10}, 3}, {{5, 20}, 2}, {{20, 30}, 1}});
  EXPECT_EQ(curve.Integral({0, 30}), 30 + 30 + 10);
  EXPECT_EQ(curve.Integral({4, 6}), 3 + 5);
  EXPECT_EQ(curve.Integral({-5, 1}), 3);
  EXPECT_EQ(curve.Integral({30, 90}), 0);
}

TEST(HeardPart, IsOfWhatShouldHaveBeenHeard) {
  EXPECT_EQ(HeardPart(3, 1), 0.75);
  EXPECT_EQ(HeardPart(0, 5), 0);
  EXPECT_EQ(HeardPart(0, 0), std::nullopt);
}

}  // namespace
}  // namespace fleetmeter
