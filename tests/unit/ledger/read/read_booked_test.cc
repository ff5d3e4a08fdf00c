// What the books hold of one source, and which corrections they have.
#include "daemon/ledger/read/read_booked.h"

#include "daemon/ledger/sqlite/ledger_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kBookedMidnight = kLedgerStart + kDay * 3 / 2 / 24;  // 2026-03-31
constexpr int64_t kBookedDay = kBookedMidnight / kNanosPerSecond;
constexpr DaySpan kBookedDays{kBookedDay, kBookedDay + 2 * kSecondsPerDay};

class ReadBookedTest : public testing::Test {
 protected:
  ReadBookedTest() : ledger_(OpenLedger(LedgerOptions(folder_.PathOf("ledger.db")))) {}

  OutcomeEntry Entry(OutcomeKind kind, const std::string& source, int64_t start, int64_t length) {
    OutcomeEntry entry;
    entry.stream = {.identity = "spiffe://example.org/billing", .id = std::string(16, 's')};
    entry.sequence = ++sequence_;
    entry.kind = kind;
    entry.source = source;
    entry.window_start_unix_nanos = start;
    entry.window_length_nanos = length;
    if (kind != OutcomeKind::kBenchmarks) {
      windows_[source].Add({start, start + length});
      entry.windows = windows_[source];
    }
    return entry;
  }
  OutcomeEntry Served(const std::string& source, int64_t start, int64_t requests, int64_t revenue) {
    OutcomeEntry entry = Entry(OutcomeKind::kInference, source, start, kDay / 24);
    entry.inference.push_back({.model = "opus",
                               .customer_tier = "pro",
                               .pool = "",
                               .workload = "",
                               .amounts = {.requests = requests, .revenue_micro_usd = revenue}});
    return entry;
  }
  // As a correction of a window that its source has reported.
  static OutcomeEntry AsCorrection(OutcomeEntry entry, const std::string& id) {
    entry.correction = CorrectionNote{id, "restated"};
    return entry;
  }
  void Commit(OutcomeEntry entry, int64_t now) {
    LedgerTransaction transaction;
    transaction.now_unix_nanos = now;
    transaction.streams.push_back(
        {.stream = entry.stream, .sequence = entry.sequence, .epoch = 0, .digests = {}});
    transaction.outcomes.push_back(std::move(entry));
    ASSERT_TRUE(ledger_->Commit(transaction).ok());
  }
  std::unique_ptr<Database> Reader() { return *OpenLedgerToRead(folder_.PathOf("ledger.db")); }

  const TempFolder folder_;
  std::unique_ptr<SqliteLedger> ledger_;
  std::map<std::string, WindowSet> windows_;
  uint64_t sequence_ = 0;
};

TEST_F(ReadBookedTest, SumsADayOfOneSourceWithItsCorrections) {
  const OutcomeEntry first = Served("gw", kBookedMidnight, 10, 500);
  Commit(first, kBookedMidnight);
  Commit(Served("gw", kBookedMidnight + kDay / 24, 5, 50), kBookedMidnight);
  Commit(Served("other", kBookedMidnight, 7, 70), kBookedMidnight);
  OutcomeEntry less = first;
  less.sequence = ++sequence_;
  less.windows = windows_["gw"];
  less.inference[0].amounts = {.requests = -3, .revenue_micro_usd = -600};
  Commit(AsCorrection(less, "note-1"), kBookedMidnight + kDay);

  const auto reader = Reader();
  const auto cells = ReadBookedInference(*reader, "gw", kBookedDays);
  ASSERT_TRUE(cells.ok()) << cells.status();
  ASSERT_THAT(*cells, SizeIs(1));
  EXPECT_EQ((*cells)[0].day, kBookedDay);
  EXPECT_EQ((*cells)[0].model, "opus");
  EXPECT_EQ((*cells)[0].amounts.requests, 12);
  EXPECT_EQ((*cells)[0].amounts.revenue_micro_usd, -50);
  EXPECT_EQ((*cells)[0].corrections, 1);
  const auto counted = ReadCountedTime(*reader, OutcomeKind::kInference, "gw");
  ASSERT_TRUE(counted.ok());
  EXPECT_EQ(counted->counted(), (TimeSpan{kBookedMidnight, kBookedMidnight + kDay / 12}));
  EXPECT_TRUE(ReadCountedTime(*reader, OutcomeKind::kInference, "nobody")->empty());
  EXPECT_THAT(*ReadBookedInference(*reader, "nobody", kBookedDays), IsEmpty());
  EXPECT_THAT(*ReadBookedTraining(*reader, "gw", kBookedDays), IsEmpty());
}

TEST_F(ReadBookedTest, TellsTrainingAndResultsAsTheyStand) {
  OutcomeEntry run = Entry(OutcomeKind::kTraining, "wandb/big/pre", kBookedMidnight, 2 * kDay);
  run.training.push_back({.model = "m1", .family = "m", .run = "big", .h100e_seconds = 101});
  Commit(run, kBookedMidnight + 2 * kDay);
  OutcomeEntry scores = Entry(OutcomeKind::kBenchmarks, "lab", 0, 0);
  scores.benchmarks.push_back({.model = "m1",
                               .family = "m",
                               .benchmark = "gpqa",
                               .version = "",
                               .date_unix_seconds = kBookedDay,
                               .source = "",
                               .score = 70});
  Commit(scores, kBookedMidnight + 2 * kDay);
  OutcomeEntry again = scores;
  again.sequence = ++sequence_;
  again.benchmarks[0].score = 71.5;
  Commit(AsCorrection(again, "rescored"), kBookedMidnight + 3 * kDay);

  const auto reader = Reader();
  const auto training = ReadBookedTraining(*reader, "wandb/big/pre", kBookedDays);
  ASSERT_TRUE(training.ok()) << training.status();
  ASSERT_THAT(*training, SizeIs(2));
  EXPECT_EQ((*training)[0].row.h100e_seconds, 50);
  EXPECT_EQ((*training)[1].row.h100e_seconds, 51);
  const auto results = ReadBookedResults(*reader, kBookedDays);
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_THAT(*results, SizeIs(1));
  EXPECT_EQ((*results)[0].row.score, 71.5);
  EXPECT_EQ((*results)[0].corrections, 1);
  const auto list = ReadCorrectionEntries(*reader, {});
  ASSERT_TRUE(list.ok()) << list.status();
  for (const CorrectionEntry& entry : list->entries) {
    if (entry.kind != OutcomeKind::kBenchmarks) continue;
    ASSERT_THAT(entry.scores, SizeIs(1));
    EXPECT_EQ(entry.scores[0].before, 70);
    EXPECT_EQ(entry.scores[0].after.score, 71.5);
    EXPECT_EQ(entry.scores[0].after.benchmark, "gpqa");
    return;
  }
  FAIL() << "no correction of benchmarks";
}

TEST_F(ReadBookedTest, ListsWhoCorrectedWhatWhenAndWhy) {
  const OutcomeEntry first = Served("gw", kBookedMidnight, 10, 500);
  Commit(first, kBookedMidnight);
  for (const int64_t requests : {-3, 2}) {
    OutcomeEntry change = first;
    change.sequence = ++sequence_;
    change.inference[0].amounts = {.requests = requests};
    Commit(AsCorrection(change, requests < 0 ? "less" : "more"), kBookedMidnight + kDay);
  }
  const auto reader = Reader();
  const auto list = ReadCorrectionEntries(*reader, {});
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_THAT(list->entries, SizeIs(2));
  EXPECT_EQ(list->left_out, 0);
  const CorrectionEntry& latest = list->entries[0];
  EXPECT_EQ(latest.note, (CorrectionNote{"more", "restated"}));
  EXPECT_EQ(latest.identity, "spiffe://example.org/billing");
  EXPECT_EQ(latest.booked_unix_nanos, kBookedMidnight + kDay);
  EXPECT_EQ(latest.window_start_unix_nanos, kBookedMidnight);
  EXPECT_EQ(latest.inference.requests, 2);
  EXPECT_EQ(list->entries[1].inference.requests, -3);
  CorrectionQuestion question;
  question.limit = 1;
  EXPECT_EQ(ReadCorrectionEntries(*reader, question)->left_out, 1);
  question.source = "other";
  EXPECT_THAT(ReadCorrectionEntries(*reader, question)->entries, IsEmpty());
}

}  // namespace
}  // namespace fleetmeter
