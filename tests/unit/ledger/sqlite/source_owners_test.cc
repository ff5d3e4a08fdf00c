// Whose a source is: kept with the source, also over a restart and an update of the tables.
#include <map>

#include "daemon/ledger/tools/verify.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr char kFirstOwner[] = "spiffe://example.org/host/a";
constexpr char kSecondOwner[] = "spiffe://example.org/host/b";
constexpr int64_t kOwnersWindow = 10 * kNanosPerSecond;

class SourceOwnersTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    ledger_.reset();
    books_ = {};
    ledger_ = OpenLedger(LedgerOptions(path_), &books_);
    ASSERT_NE(ledger_, nullptr);
  }
  void Commit(LedgerTransaction transaction) {
    transaction.now_unix_nanos = kLedgerStart;
    const absl::Status status = ledger_->Commit(transaction);
    ASSERT_TRUE(status.ok()) << status;
  }
  // The next window of a source.
  void Use(const std::string& source, const std::string& new_owner) {
    windows_[source].Add(
        {kLedgerStart + sequence_ * kOwnersWindow, kLedgerStart + (sequence_ + 1) * kOwnersWindow});
    LedgerTransaction transaction;
    LedgerEntry& entry = transaction.counted.emplace_back();
    entry.stream = {kFirstOwner, "0123456789abcdef"};
    entry.report.source = source;
    entry.report.window_start_unix_nanos = kLedgerStart + sequence_ * kOwnersWindow;
    entry.report.window_length_nanos = entry.report.duration_nanos = kOwnersWindow;
    entry.report.groups = {MakeGroup("serving", "chat", 4 * kOwnersWindow)};
    entry.conversions = {HalfChip()};
    entry.terms.resize(1);
    entry.plan = "plan";
    entry.plan_version = 1;
    entry.windows = windows_[source];
    entry.new_owner = new_owner;
    entry.sequence = static_cast<uint64_t>(++sequence_);
    transaction.streams = {
        {.stream = entry.stream, .sequence = entry.sequence, .epoch = 1, .digests = {}}};
    Commit(std::move(transaction));
  }
  void Decide(AdminAction action, const std::string& source, const std::string& to = "") {
    LedgerTransaction transaction;
    AdminEntry& entry = transaction.entries.emplace_back();
    entry.number = ++entries_;
    entry.entered_unix_nanos = kLedgerStart;
    entry.action = action;
    entry.identity = "spiffe://example.org/ops/ada";
    entry.reason = "new certificate";
    entry.source = source;
    if (action == AdminAction::kMove) entry.new_owner = to;
    if (action == AdminAction::kForget) entry.whole_source = true;
    if (action == AdminAction::kRename) {
      entry.new_source = to;
      transaction.renamed_windows = windows_[to];
      transaction.renamed_windows.Merge(windows_[source]);
    }
    Commit(std::move(transaction));
  }
  std::string OwnerOf(const std::string& source) {
    Reopen();
    for (const SourceRecord& record : books_.sources) {
      if (record.source == source) return record.owner;
    }
    return "there is no such source";
  }
  void ExpectSound() {
    const auto report = VerifyLedger(path_);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->findings, IsEmpty());
  }

  TempFolder folder_;
  const std::string path_ = folder_.PathOf("books");
  std::unique_ptr<SqliteLedger> ledger_;
  RestoredBooks books_;
  std::map<std::string, WindowSet> windows_;
  int64_t sequence_ = 0;
  int64_t entries_ = 0;
};

TEST_F(SourceOwnersTest, IsFoundAgainAfterARestart) {
  Use("a", kFirstOwner);
  EXPECT_EQ(OwnerOf("a"), kFirstOwner);
  Use("a", "");
  EXPECT_EQ(OwnerOf("a"), kFirstOwner) << "a report that says nothing of it changes nothing";
  Use("a", kSecondOwner);
  EXPECT_EQ(OwnerOf("a"), kSecondOwner);
  Use("nobodys", "");
  EXPECT_EQ(OwnerOf("nobodys"), "");
  ExpectSound();
}

TEST_F(SourceOwnersTest, IsMovedByAnEntry) {
  Use("a", kFirstOwner);
  Decide(AdminAction::kMove, "a", kSecondOwner);
  EXPECT_EQ(OwnerOf("a"), kSecondOwner);
  ASSERT_THAT(books_.entries, SizeIs(1));
  EXPECT_EQ(books_.entries[0].action, AdminAction::kMove);
  EXPECT_EQ(books_.entries[0].new_owner, kSecondOwner);
  EXPECT_EQ(books_.entries[0].reason, "new certificate");
  ExpectSound();
}

// Of outcomes: all rows of a source, which has one for each kind, name the same owner or none.
TEST_F(SourceOwnersTest, IsKeptOfOutcomesAndMovedWithAllThatTheSourceReports) {
  const auto tell = [&](OutcomeKind kind, const std::string& new_owner) {
    LedgerTransaction transaction;
    OutcomeEntry& entry = transaction.outcomes.emplace_back();
    entry.stream = {kFirstOwner, "0123456789abcdef"};
    entry.kind = kind;
    entry.source = "billing";
    entry.window_start_unix_nanos = kLedgerStart;
    entry.window_length_nanos = kOwnersWindow;
    entry.windows = WindowSet({kLedgerStart, kLedgerStart + kOwnersWindow}, {});
    entry.new_owner = new_owner;
    entry.sequence = static_cast<uint64_t>(++sequence_);
    transaction.streams = {
        {.stream = entry.stream, .sequence = entry.sequence, .epoch = 1, .digests = {}}};
    Commit(std::move(transaction));
  };
  const auto owners = [&] {
    Reopen();
    std::string all;
    for (const OutcomeSource& source : books_.outcomes.sources) all += source.owner + ";";
    return all;
  };
  tell(OutcomeKind::kInference, kFirstOwner);
  tell(OutcomeKind::kTraining, "");
  EXPECT_EQ(owners(), std::string(kFirstOwner) + ";;");
  Decide(AdminAction::kMove, "billing", kSecondOwner);
  EXPECT_EQ(owners(), std::string(kSecondOwner) + ";" + kSecondOwner + ";");
  ExpectSound();
}

TEST_F(SourceOwnersTest, OutlivesForgettingAndIsThatOfTheNewNameAfterARename) {
  Use("a", kFirstOwner);
  Use("b", kSecondOwner);
  Decide(AdminAction::kForget, "a");
  EXPECT_EQ(OwnerOf("a"), kFirstOwner);
  Decide(AdminAction::kRename, "a", "b");
  EXPECT_EQ(OwnerOf("b"), kSecondOwner);
  EXPECT_EQ(OwnerOf("a"), "there is no such source");
  ExpectSound();
}

}  // namespace
}  // namespace fleetmeter
