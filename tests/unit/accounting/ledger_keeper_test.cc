#include "daemon/accounting/ledger_keeper.h"

#include <vector>

#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;

// Answers with one status, and remembers what it was asked.
class ScriptedLedger final : public MemoryLedger {
 public:
  absl::Status Commit(const LedgerTransaction&) override { return Answer(); }
  absl::Status RecordReferenceData(const ReferenceData& reference, int64_t) override {
    if (status.ok()) recorded.push_back(&reference);
    return Answer();
  }
  absl::Status Maintain(int64_t) override { return Answer(); }

  absl::Status status;
  std::vector<const ReferenceData*> recorded;
  int asked = 0;

 private:
  absl::Status Answer() {
    ++asked;
    return status;
  }
};

class LedgerKeeperTest : public testing::Test {
 protected:
  LedgerKeeperTest() { EXPECT_TRUE(keeper_.Restore().ok()); }

  ManualClock clock_;
  ScriptedLedger ledger_;
  SilentProbe probe_;
  int told_broken_ = 0;
  LedgerKeeper keeper_{clock_, ledger_, probe_, [this](const absl::Status&) { ++told_broken_; }};
};

TEST_F(LedgerKeeperTest, RecordsReferenceDataOnceAndAgainWhenItIsReplaced) {
  const auto first = MakeReferenceData();
  const auto second = MakeReferenceData();
  keeper_.KeepHouse(first, kStart, kStart);
  keeper_.KeepHouse(first, kStart, kStart);
  keeper_.KeepHouse(second, kStart, kStart);
  keeper_.KeepHouse(second, kStart, kStart);
  EXPECT_THAT(ledger_.recorded, ElementsAre(first.get(), second.get()));
}

TEST_F(LedgerKeeperTest, RecordsReferenceDataLaterIfTheLedgerRefuses) {
  const auto reference = MakeReferenceData();
  ledger_.status = absl::ResourceExhaustedError("full");
  keeper_.KeepHouse(reference, kStart, kStart);
  EXPECT_TRUE(ledger_.recorded.empty());
  ledger_.status = absl::OkStatus();
  keeper_.KeepHouse(reference, kStart, kStart);
  EXPECT_THAT(ledger_.recorded, ElementsAre(reference.get()));
}

TEST_F(LedgerKeeperTest, ACommitIsDueAfterAMinuteOrTrouble) {
  EXPECT_FALSE(keeper_.CommitDue());
  clock_.Pass(61 * kNanosPerSecond);
  EXPECT_TRUE(keeper_.CommitDue());
  EXPECT_TRUE(keeper_.Commit({}).ok());
  EXPECT_FALSE(keeper_.CommitDue());
  ledger_.status = absl::UnavailableError("locked");
  EXPECT_FALSE(keeper_.Commit({}).ok());
  EXPECT_TRUE(keeper_.CommitDue());
  EXPECT_EQ(keeper_.Trouble(), "locked");
}

TEST_F(LedgerKeeperTest, ABrokenLedgerIsToldOnceAndNeverAskedAgain) {
  ledger_.status = absl::DataLossError("gone");
  EXPECT_TRUE(absl::IsDataLoss(keeper_.Commit({})));
  EXPECT_TRUE(keeper_.broken());
  ledger_.status = absl::OkStatus();
  EXPECT_TRUE(absl::IsUnavailable(keeper_.Commit({})));
  keeper_.KeepHouse(MakeReferenceData(), kStart, kStart);
  EXPECT_EQ(ledger_.asked, 1);
  EXPECT_EQ(told_broken_, 1);
  EXPECT_EQ(keeper_.Trouble(), "gone");
}

}  // namespace
}  // namespace fleetmeter
