// What people decided about the books: kept, found again after a restart, and checked.
#include "daemon/base/calendar.h"
#include "daemon/ledger/read/read_entries.h"
#include "daemon/ledger/read/read_outcomes.h"
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

constexpr int64_t kUsageDay = kLedgerStart / kNanosPerSecond / kSecondsPerDay * kSecondsPerDay;

class AdminEntriesTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    ledger_.reset();
    books_ = {};
    ledger_ = OpenLedger(LedgerOptions(path_), &books_);
    ASSERT_NE(ledger_, nullptr);
  }

  LedgerTransaction Begin() {
    LedgerTransaction transaction;
    transaction.now_unix_nanos = kLedgerStart;
    return transaction;
  }
  void Commit(LedgerTransaction transaction) {
    if (!transaction.counted.empty() || !transaction.outcomes.empty()) {
      transaction.streams = {{.stream = kStream, .sequence = sequence_, .epoch = 1, .digests = {}}};
    }
    const absl::Status status = ledger_->Commit(transaction);
    ASSERT_TRUE(status.ok()) << status;
  }

  // Some chips of a host for ten seconds, as its latest report.
  void Use(const std::string& source, const WindowSet& windows,
           std::vector<SourceHoldings> unlisted = {}) {
    LedgerTransaction transaction = Begin();
    LedgerEntry& entry = transaction.counted.emplace_back();
    entry.stream = kStream;
    entry.sequence = ++sequence_;
    entry.report.source = source;
    entry.report.window_start_unix_nanos = windows.counted().end_unix_nanos - kLength;
    entry.report.window_length_nanos = entry.report.duration_nanos = kLength;
    entry.report.groups = {MakeGroup("serving", "chat", 4 * kLength)};
    entry.conversions = {HalfChip()};
    entry.terms.resize(1);
    entry.plan = "plan";
    entry.plan_version = 1;
    entry.windows = windows;
    transaction.unlisted = std::move(unlisted);
    Commit(std::move(transaction));
  }

  static AdminEntry Entry(int64_t number, AdminAction action, const std::string& source) {
    AdminEntry entry;
    entry.number = number;
    entry.entered_unix_nanos = kLedgerStart + number;
    entry.action = action;
    entry.identity = "spiffe://example.org/ops/ada";
    entry.reason = "it's gone; \"really\"";
    entry.source = source;
    return entry;
  }
  void Decide(AdminEntry entry, const WindowSet& renamed = {},
              std::vector<SourceHoldings> decided = {}) {
    LedgerTransaction transaction = Begin();
    transaction.entries.push_back(std::move(entry));
    transaction.renamed_windows = renamed;
    transaction.decided = std::move(decided);
    Commit(std::move(transaction));
  }

  // So many chips that a source has listed before, of another team than Use's.
  static SourceHoldings Holds(const std::string& source, int64_t chips,
                              const std::string& team = "research") {
    return {.source = source,
            .holdings = {{.state = ChipState::kAssigned,
                          .pool = "serving",
                          .team = team,
                          .signal = "gr_engine_active",
                          .conversion = HalfChip(),
                          .micro_chips = chips * 1'000'000}}};
  }
  int64_t HeldOf(const std::string& source) const {
    int64_t chips = 0;
    for (const Holding& holding : Restored(source)->holdings) {
      chips += holding.micro_chips / 1'000'000;
    }
    return chips;
  }

  const SourceRecord* Restored(const std::string& source) const {
    for (const SourceRecord& record : books_.sources) {
      if (record.source == source) return &record;
    }
    return nullptr;
  }
  std::vector<std::string> Findings() {
    const auto report = VerifyLedger(path_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->findings : std::vector<std::string>{};
  }

  static constexpr int64_t kLength = 10 * kNanosPerSecond;
  const StreamKey kStream{"me", "0123456789abcdef"};
  TempFolder folder_;
  std::string path_ = folder_.PathOf("books");
  std::unique_ptr<SqliteLedger> ledger_;
  RestoredBooks books_;
  uint64_t sequence_ = 0;
};

TEST_F(AdminEntriesTest, AForgottenHostHoldsNothingAfterARestart) {
  const WindowSet windows({kLedgerStart, kLedgerStart + kLength}, {});
  Use("gpu-17", windows);
  AdminEntry entry = Entry(1, AdminAction::kForget, "gpu-17");
  entry.whole_source = true;
  entry.micro_chips = 4'000'000;
  Decide(entry);
  Reopen();
  ASSERT_NE(Restored("gpu-17"), nullptr);
  EXPECT_TRUE(Restored("gpu-17")->forgotten);
  EXPECT_THAT(Restored("gpu-17")->holdings, IsEmpty());
  EXPECT_EQ(Restored("gpu-17")->windows, windows) << "its time is not counted twice";
  ASSERT_THAT(books_.entries, SizeIs(1));
  EXPECT_EQ(books_.entries[0].identity, entry.identity);
  EXPECT_EQ(books_.entries[0].reason, entry.reason);
  EXPECT_EQ(books_.entries[0].micro_chips, 4'000'000);
  EXPECT_THAT(Findings(), IsEmpty());
  // The same report as before it was forgotten brings all of it back.
  WindowSet more = windows;
  more.Add({kLedgerStart + kLength, kLedgerStart + 2 * kLength});
  Use("gpu-17", more);
  Reopen();
  EXPECT_FALSE(Restored("gpu-17")->forgotten);
  EXPECT_THAT(Restored("gpu-17")->holdings, SizeIs(1));
}

// A host that lists fewer chips than before, and a daemon that is started again: they are held.
TEST_F(AdminEntriesTest, ChipsThatAreNotListedAnyMoreAreHeldAfterARestart) {
  WindowSet windows({kLedgerStart, kLedgerStart + kLength}, {});
  Use("gpu-17", windows, {Holds("gpu-17", 3)});
  Reopen();
  EXPECT_EQ(HeldOf("gpu-17"), 4 + 3);
  // Of the same cell as those that it lists.
  windows.Add({kLedgerStart + kLength, kLedgerStart + 2 * kLength});
  Use("gpu-17", windows, {Holds("gpu-17", 3), Holds("another", 9)});
  Reopen();
  EXPECT_EQ(HeldOf("gpu-17"), 4 + 3);
  EXPECT_EQ(Restored("another"), nullptr);
  AdminEntry entry = Entry(1, AdminAction::kForget, "gpu-17");  // live: what it lists is there
  Decide(entry, {}, {Holds("gpu-17", 4, "chat")});
  Reopen();
  EXPECT_EQ(HeldOf("gpu-17"), 4) << "a person has said that the others are gone";
  EXPECT_FALSE(Restored("gpu-17")->forgotten);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(AdminEntriesTest, ARenamedHostHasTheChipsOfBothNamesAfterARestart) {
  const WindowSet old({kLedgerStart, kLedgerStart + kLength}, {});
  WindowSet now_called({kLedgerStart + 5 * kLength, kLedgerStart + 6 * kLength}, {});
  Use("gpu-17", old, {Holds("gpu-17", 4)});
  Use("gpu-17.east", now_called);
  now_called.Merge(old);
  AdminEntry entry = Entry(1, AdminAction::kRename, "gpu-17");
  entry.new_source = "gpu-17.east";
  Decide(entry, now_called, {Holds("gpu-17.east", 8)});
  Reopen();
  EXPECT_EQ(Restored("gpu-17"), nullptr);
  EXPECT_EQ(HeldOf("gpu-17.east"), 8);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(AdminEntriesTest, ARenamedHostIsOneSourceAfterARestart) {
  const WindowSet old({kLedgerStart, kLedgerStart + kLength}, {});
  WindowSet now_called({kLedgerStart + 5 * kLength, kLedgerStart + 6 * kLength}, {});
  Use("gpu-17", old);
  Use("gpu-17.east", now_called);
  now_called.Merge(old);
  AdminEntry entry = Entry(1, AdminAction::kRename, "gpu-17");
  entry.new_source = "gpu-17.east";
  Decide(entry, now_called);
  Reopen();
  EXPECT_EQ(Restored("gpu-17"), nullptr);
  ASSERT_NE(Restored("gpu-17.east"), nullptr);
  EXPECT_EQ(Restored("gpu-17.east")->windows, now_called);
  EXPECT_THAT(Restored("gpu-17.east")->holdings, SizeIs(1));
  ASSERT_THAT(books_.aliases, SizeIs(1));
  EXPECT_EQ(books_.aliases[0].name, "gpu-17");
  EXPECT_EQ(books_.aliases[0].source, "gpu-17.east");
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(AdminEntriesTest, WhatWasRepricedIsASignedCorrectionWithItsEntry) {
  LedgerTransaction served = Begin();
  OutcomeEntry& outcome = served.outcomes.emplace_back();
  outcome.stream = kStream;
  outcome.sequence = ++sequence_;
  outcome.source = "gw";
  outcome.window_start_unix_nanos = kUsageDay * kNanosPerSecond;
  outcome.window_length_nanos = kDay;
  outcome.windows =
      WindowSet({outcome.window_start_unix_nanos, outcome.window_start_unix_nanos + kDay}, {});
  BookedInference row;
  row.model = "nova";
  row.customer_tier = "pro";
  row.amounts = {.requests = 100,
                 .unpriced_requests = 100,
                 .input_tokens = 1'000'000,
                 .cached_input_tokens = 0,
                 .output_tokens = 100'000,
                 .revenue_micro_usd = 0};
  row.unpriced = true;
  outcome.inference.push_back(row);
  served.now_unix_nanos += kDay;
  Commit(std::move(served));

  auto booked = ledger_->InferenceDays(kUsageDay, kUsageDay + kSecondsPerDay);
  ASSERT_TRUE(booked.ok()) << booked.status();
  ASSERT_THAT(*booked, SizeIs(1));
  EXPECT_TRUE((*booked)[0].row.unpriced);
  EXPECT_EQ((*booked)[0].row.amounts, row.amounts);
  EXPECT_EQ((*booked)[0].reprice_number, 0);

  AdminEntry entry = Entry(1, AdminAction::kReprice, "");
  entry.from_day = kUsageDay;
  entry.to_day = kUsageDay + kSecondsPerDay;
  entry.price_book_version = 2;
  entry.priced_requests = 100;
  entry.revenue_micro_usd = 7'500'000;
  RepricedDay repriced;
  repriced.day_start = kUsageDay;
  repriced.source = "gw";
  repriced.row = row;
  repriced.row.unpriced = false;
  repriced.row.price_book_version = 2;
  repriced.row.amounts = {.requests = 0,
                          .unpriced_requests = -100,
                          .input_tokens = 0,
                          .cached_input_tokens = 0,
                          .output_tokens = 0,
                          .revenue_micro_usd = 7'500'000};
  entry.repriced = {repriced};
  Decide(entry);
  Reopen();
  ASSERT_THAT(books_.outcomes.segments, SizeIs(1));
  EXPECT_EQ(books_.outcomes.segments[0].reported.unpriced_requests, 100);
  EXPECT_EQ(books_.outcomes.segments[0].corrected.unpriced_requests, -100);
  EXPECT_EQ(books_.outcomes.segments[0].corrected.revenue_micro_usd, 7'500'000);
  booked = ledger_->InferenceDays(kUsageDay, kUsageDay + kSecondsPerDay);
  ASSERT_TRUE(booked.ok());
  ASSERT_THAT(*booked, SizeIs(2));
  EXPECT_EQ((*booked)[0].reprice_number + (*booked)[1].reprice_number, 1);
  EXPECT_EQ(ReadText(path_, "SELECT reason FROM corrections"), entry.reason);
  EXPECT_THAT(Findings(), IsEmpty());

  ledger_.reset();
  Tamper(path_, "UPDATE admin_entries SET revenue_micro_usd = revenue_micro_usd + 1");
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("entry 1 says 7500001 micro-USD")));
}

// Whoever prices these days again has to know that the tokens are absent and not 0.
TEST_F(AdminEntriesTest, WhatLacksTokensIsReadBackAsSuch) {
  LedgerTransaction served = Begin();
  OutcomeEntry& outcome = served.outcomes.emplace_back();
  outcome.stream = kStream;
  outcome.sequence = ++sequence_;
  outcome.source = "triton";
  outcome.window_start_unix_nanos = kUsageDay * kNanosPerSecond;
  outcome.window_length_nanos = kDay;
  outcome.windows =
      WindowSet({outcome.window_start_unix_nanos, outcome.window_start_unix_nanos + kDay}, {});
  BookedInference& row = outcome.inference.emplace_back();
  row.model = "nova";
  row.customer_tier = "pro";
  row.amounts.requests = 100;
  row.amounts.unpriced_requests = 100;
  row.unpriced = true;
  row.lacks_tokens = true;
  served.now_unix_nanos += kDay;
  Commit(std::move(served));
  const auto booked = ledger_->InferenceDays(kUsageDay, kUsageDay + kSecondsPerDay);
  ASSERT_TRUE(booked.ok()) << booked.status();
  ASSERT_THAT(*booked, SizeIs(1));
  EXPECT_TRUE((*booked)[0].row.unpriced);
  EXPECT_TRUE((*booked)[0].row.lacks_tokens);
  EXPECT_EQ((*booked)[0].row.price_book_version, 0U);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(AdminEntriesTest, VerifyFindsEntriesThatAreMissing) {
  Use("gpu-17", WindowSet({kLedgerStart, kLedgerStart + kLength}, {}));
  AdminEntry entry = Entry(1, AdminAction::kForget, "gpu-17");
  entry.whole_source = true;
  Decide(entry);
  Decide(Entry(2, AdminAction::kForget, "gpu-18"));
  ledger_.reset();
  EXPECT_THAT(Findings(), IsEmpty());
  Tamper(path_, "DELETE FROM admin_entries WHERE number = 1");
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("there are 1 entries of decisions")));
}

}  // namespace
}  // namespace fleetmeter
