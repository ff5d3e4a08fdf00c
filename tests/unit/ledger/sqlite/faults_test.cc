// What a failing disk and a power cut may do to a ledger: nothing that was acknowledged is lost,
// and nothing is counted that was not committed whole.
#include <fmt/format.h>

#include <algorithm>

#include "daemon/ledger/tools/verify.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/tries.h"
#include "tests/unit/ledger/fault_vfs.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using Operation = FaultDisk::Operation;
using Fault = FaultDisk::Fault;

// A ledger on a disk that fails, and the books that it should have.
class FaultyLedger {
 public:
  explicit FaultyLedger(uint64_t seed)
      : maker_(seed), options_(LedgerOptions(folder_.PathOf("l"))) {
    options_.vfs = disk_.name();
    options_.checkpoint_pages = 60;  // often
    history_.push_back(maker_.Expected());
  }

  absl::Status Open() {
    auto ledger = SqliteLedger::Open(options_);
    if (!ledger.ok()) return ledger.status();
    if (auto books = (*ledger)->Restore(); !books.ok()) return books.status();
    ledger_ = *std::move(ledger);
    return absl::OkStatus();
  }

  // Commits `count` transactions, with housekeeping between them, or until an error.
  absl::Status Run(int count) {
    for (int i = 0; i < count; ++i) {
      // Hours pass, so that days are rolled up on the way.
      const LedgerTransaction transaction = maker_.Next(i % 4 == 3 ? 7 * kHour : kHour / 60);
      absl::Status status = ledger_->Commit(transaction);
      // Whatever became of it: this is what it would make of the books.
      const TransactionMaker before = maker_;
      maker_.Committed(transaction);
      in_flight_ = maker_.Expected();
      if (!status.ok()) {
        maker_ = before;
        return status;
      }
      history_.push_back(in_flight_);
      status = ledger_->Maintain(maker_.now());
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void Close() { ledger_.reset(); }

  // What the file gives after a start.
  std::string Restored() {
    RestoredBooks books;
    ledger_ = OpenLedger(options_, &books);
    return ledger_ == nullptr ? "not opened" : TextOf(books);
  }

  // The findings of a full check of the open ledger's file.
  std::vector<std::string> Findings() {
    ledger_.reset();
    const auto database = Database::Open(options_.path, {.vfs = disk_.name()});
    EXPECT_TRUE(database.ok()) << database.status();
    const auto report = VerifyDatabase(**database);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->findings : std::vector<std::string>{"unreadable"};
  }

  FaultDisk& disk() { return disk_; }
  SqliteLedger& ledger() { return *ledger_; }
  TransactionMaker& maker() { return maker_; }
  const SqliteLedgerOptions& options() const { return options_; }
  // The books after each transaction that was acknowledged, the first being empty ones.
  const std::vector<std::string>& history() const { return history_; }
  // The books with the transaction that was not acknowledged.
  const std::string& in_flight() const { return in_flight_; }

 private:
  FaultDisk disk_;
  TempFolder folder_;
  TransactionMaker maker_;
  SqliteLedgerOptions options_;
  std::unique_ptr<SqliteLedger> ledger_;
  std::vector<std::string> history_;
  std::string in_flight_;
};

constexpr int kTransactions = 16;

// Writes and syncs of a whole run, the making of the file included.
uint64_t ChangesOf(uint64_t seed) {
  FaultyLedger run(seed);
  EXPECT_TRUE(run.Open().ok());
  EXPECT_TRUE(run.Run(kTransactions).ok());
  return run.disk().changes();
}

constexpr int kCutsOfASeed = Tries(40, 12);

TEST(PowerCut, KeepsWhatWasAcknowledgedAndNothingHalf) {
  int in_flight_kept = 0;
  int cuts = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const uint64_t changes = ChangesOf(seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < kCutsOfASeed; ++i, ++cuts) {
      FaultyLedger run(seed);
      const uint64_t at = 1 + random() % changes;
      run.disk().CutPowerAt(at);
      absl::Status status = run.Open();
      if (status.ok()) status = run.Run(kTransactions);
      ASSERT_FALSE(status.ok()) << "seed " << seed << ", cut at " << at;
      run.Close();
      ASSERT_TRUE(run.disk().power_is_off());
      run.disk().Reboot(random);
      const std::string restored = run.Restored();
      if (restored != run.history().back()) {
        ASSERT_EQ(restored, run.in_flight()) << "seed " << seed << ", cut at " << at;
        ++in_flight_kept;
      }
      ASSERT_THAT(run.Findings(), testing::IsEmpty()) << "seed " << seed << ", cut at " << at;
    }
  }
  EXPECT_EQ(cuts, 12 * kCutsOfASeed);
  // Now and then the cut falls behind the commit's last write and before its answer.
  EXPECT_GT(in_flight_kept, 0);
  EXPECT_LT(in_flight_kept, cuts / 2);
}

TEST(PowerCut, KeepsWhatWasAcknowledgedThroughSeveralCuts) {
  std::mt19937_64 random(7);
  for (int round = 0; round < Tries(40, 15); ++round) {
    FaultyLedger run(1'000 + static_cast<uint64_t>(round));
    for (int cut = 0; cut < 4; ++cut) {
      run.disk().CutPowerAt(run.disk().changes() + 1 + random() % 300);
      absl::Status status = run.Open();
      if (status.ok()) status = run.Run(8);
      run.Close();
      if (!run.disk().power_is_off()) continue;
      run.disk().Reboot(random);
      const std::string restored = run.Restored();
      if (restored == run.in_flight() && restored != run.history().back()) break;
      ASSERT_EQ(restored, run.history().back()) << "round " << round << ", cut " << cut;
      ASSERT_THAT(run.Findings(), testing::IsEmpty());
    }
  }
}

// Lets the nth operation of a kind fail in the middle of a run, for many n.
void FailEach(Operation operation, Fault fault, uint64_t most, uint64_t step) {
  int happened = 0;
  for (uint64_t nth = 1; nth <= most; nth += step) {
    FaultyLedger run(3);
    ASSERT_TRUE(run.Open().ok());
    run.disk().FailNth(operation, nth, fault, /*for_good=*/false);
    const absl::Status status = run.Run(kTransactions);
    if (!run.disk().fault_happened()) continue;
    ++happened;
    run.disk().Mend();
    if (status.code() == absl::StatusCode::kDataLoss) {
      // Broken for good: it refuses everything, and says so.
      EXPECT_EQ(run.ledger().Commit(run.maker().Next()).code(), absl::StatusCode::kDataLoss);
      EXPECT_EQ(run.ledger().Maintain(run.maker().now()).code(), absl::StatusCode::kDataLoss);
    } else {
      // Nothing changed, or (a checkpoint) nothing was to change: it goes on.
      ASSERT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
      if (!status.ok()) {
        ASSERT_TRUE(run.Run(3).ok());
      }
    }
    run.Close();
    const std::string restored = run.Restored();
    if (restored != run.history().back()) {
      ASSERT_EQ(status.code(), absl::StatusCode::kDataLoss) << nth;
      ASSERT_EQ(restored, run.in_flight()) << nth;
    }
    ASSERT_THAT(run.Findings(), testing::IsEmpty()) << nth;
  }
  EXPECT_GT(happened, Tries(20, 8));
}

TEST(FailingDisk, WritesThatFailLoseNothingAcknowledged) {
  FailEach(Operation::kWrite, Fault::kEio, 400, Tries(5, 13));
}

TEST(FailingDisk, SyncsThatFailLoseNothingAcknowledged) {
  FailEach(Operation::kSync, Fault::kEio, 40, 1);
}

TEST(FailingDisk, SpaceThatRunsOutForAMomentLosesNothing) {
  FailEach(Operation::kWrite, Fault::kNoSpace, 400, Tries(5, 13));
}

TEST(FailingDisk, WritesThatAreCutShortLoseNothing) {
  FailEach(Operation::kWrite, Fault::kShortWrite, 400, Tries(5, 13));
}

TEST(FailingDisk, ReadsThatFailLoseNothing) {
  int happened = 0;
  for (uint64_t nth = 1; nth <= 60; ++nth) {
    FaultyLedger run(4);
    ASSERT_TRUE(run.Open().ok());
    ASSERT_TRUE(run.Run(6).ok());
    run.Close();
    // A start reads; a run mostly finds its pages in memory.
    run.disk().FailNth(Operation::kRead, nth, Fault::kEio, /*for_good=*/true);
    absl::Status status = run.Open();
    if (status.ok()) status = run.Run(2);
    happened += run.disk().fault_happened() ? 1 : 0;
    run.Close();
    run.disk().Mend();
    const std::string restored = run.Restored();
    if (restored != run.history().back()) {
      ASSERT_EQ(restored, run.in_flight());
    }
    ASSERT_THAT(run.Findings(), testing::IsEmpty()) << nth;
  }
  EXPECT_GT(happened, 20);
}

TEST(FullDisk, RefusesAndGoesOnOnceThereIsRoom) {
  FaultyLedger run(9);
  ASSERT_TRUE(run.Open().ok());
  ASSERT_TRUE(run.Run(5).ok());
  run.disk().FailNth(Operation::kWrite, 1, Fault::kNoSpace, /*for_good=*/true);
  for (int i = 0; i < 5; ++i) {
    const absl::Status status = run.Run(1);
    ASSERT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  }
  run.disk().Mend();
  ASSERT_TRUE(run.Run(5).ok());
  EXPECT_EQ(run.history().size(), 11U);
  run.Close();
  EXPECT_EQ(run.Restored(), run.history().back());
  EXPECT_THAT(run.Findings(), testing::IsEmpty());
}

TEST(FullDisk, IsToldAsSuch) {
  FaultyLedger run(2);
  ASSERT_TRUE(run.Open().ok());
  run.disk().FailNth(Operation::kWrite, 3, Fault::kNoSpace, /*for_good=*/true);
  const absl::Status status = run.Run(1);
  ASSERT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("full"));
}

TEST(DamagedLog, GivesACommittedStateOrIsRefused) {
  int refused = 0;
  int recovered_less = 0;
  constexpr int kTries = Tries(300, 80);
  for (uint64_t seed = 1; seed <= kTries; ++seed) {
    FaultyLedger run(seed % 10);
    ASSERT_TRUE(run.Open().ok());
    ASSERT_TRUE(run.Run(8).ok());
    // The process ends without closing anything: the log stays, and is as a disk gives it back.
    run.disk().CutPowerAt(run.disk().changes() + 1);
    run.Close();
    std::mt19937_64 random(seed);
    run.disk().Reboot(random);
    std::string* log = run.disk().Bytes("-wal");
    if (log == nullptr || log->empty()) continue;
    const size_t at = random() % log->size();
    if (seed % 2 == 0) {
      log->resize(at);
    } else {
      (*log)[at] = static_cast<char>((*log)[at] ^ (1 << (random() % 8)));
    }
    auto ledger = SqliteLedger::Open(run.options());
    absl::StatusOr<RestoredBooks> books = absl::UnavailableError("not opened");
    if (ledger.ok()) books = (*ledger)->Restore();
    ledger = absl::UnavailableError("closed");
    if (!books.ok()) {
      ++refused;
      continue;
    }
    const std::string text = TextOf(*books);
    const auto& history = run.history();
    ASSERT_NE(std::find(history.begin(), history.end(), text), history.end())
        << "seed " << seed << ", offset " << at << ": a state that never was";
    if (text != history.back()) ++recovered_less;
    ASSERT_THAT(run.Findings(), testing::IsEmpty()) << "seed " << seed;
  }
  EXPECT_GT(recovered_less, kTries / 10);
  EXPECT_LT(refused, kTries / 10);
}

}  // namespace
}  // namespace fleetmeter
