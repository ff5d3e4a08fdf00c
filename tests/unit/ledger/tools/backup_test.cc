#include "daemon/ledger/tools/backup.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class BackupTest : public testing::Test {
 protected:
  void Commit(SqliteLedger& ledger, int count) {
    for (int i = 0; i < count; ++i) {
      const LedgerTransaction transaction = maker_.Next();
      ASSERT_TRUE(ledger.Commit(transaction).ok());
      maker_.Committed(transaction);
    }
  }
  std::string Books(const std::string& path) {
    RestoredBooks books;
    OpenLedger(LedgerOptions(path), &books);
    return TextOf(books);
  }
  std::set<std::string> Files() {
    std::set<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
      names.insert(file.path().filename());
    }
    return names;
  }

  TempFolder folder_;
  TransactionMaker maker_{41};
  const std::string path_ = folder_.PathOf("books");
  const std::string backup_ = folder_.PathOf("backup");
};

TEST_F(BackupTest, HoldsTheBooksOfItsMoment) {
  auto ledger = OpenLedger(LedgerOptions(path_));
  Commit(*ledger, 30);
  const std::string then = maker_.Expected();
  ASSERT_TRUE(BackUpLedger(path_, backup_).ok());
  Commit(*ledger, 10);
  EXPECT_EQ(Books(backup_), then);
  ledger.reset();
  EXPECT_EQ(Books(path_), maker_.Expected());
}

TEST_F(BackupTest, IsOneFileForItsOwnerAlone) {
  auto ledger = OpenLedger(LedgerOptions(path_));
  Commit(*ledger, 3);
  ledger.reset();
  const std::set<std::string> before = Files();
  ASSERT_TRUE(BackUpLedger(path_, backup_).ok());
  ASSERT_TRUE(VerifyLedger(backup_).ok());
  std::set<std::string> expected = before;
  expected.insert("backup");
  std::set<std::string> after = Files();
  after.erase("books-wal");  // of the reader, empty
  after.erase("books-shm");
  EXPECT_EQ(after, expected);
  EXPECT_EQ(std::filesystem::status(backup_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(BackupTest, WorksWhileTheLedgerIsWritten) {
  auto ledger = OpenLedger(LedgerOptions(path_));
  Commit(*ledger, 20);
  std::atomic<bool> stop = false;
  std::atomic<int> committed = 0;
  std::set<std::string> states = {maker_.Expected()};
  std::thread writer([&] {
    while (!stop) {
      const LedgerTransaction transaction = maker_.Next();
      if (!ledger->Commit(transaction).ok()) return;
      maker_.Committed(transaction);
      states.insert(maker_.Expected());
      ++committed;
    }
  });
  std::vector<absl::Status> made;
  for (int i = 0; i < 5; ++i) {
    const int before = committed;
    made.push_back(BackUpLedger(path_, backup_ + std::to_string(i)));
    while (committed == before) std::this_thread::yield();
  }
  stop = true;
  writer.join();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(made[static_cast<size_t>(i)].ok()) << made[static_cast<size_t>(i)];
    const std::string file = backup_ + std::to_string(i);
    EXPECT_EQ(states.count(Books(file)), 1U) << "a state that never was";
    const auto report = VerifyLedger(file);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->findings, IsEmpty());
  }
  EXPECT_GE(committed, 5);
}

TEST_F(BackupTest, NeverReplacesAFile) {
  auto ledger = OpenLedger(LedgerOptions(path_));
  std::ofstream(backup_) << "";
  EXPECT_EQ(BackUpLedger(path_, backup_).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(BackupTest, CanBeGoneBackTo) {
  auto ledger = OpenLedger(LedgerOptions(path_));
  Commit(*ledger, 10);
  const std::string then = maker_.Expected();
  const std::string id = ledger->Identity().id;
  ASSERT_TRUE(BackUpLedger(path_, backup_).ok());
  Commit(*ledger, 10);
  const std::string later = maker_.Expected();
  EXPECT_THAT(std::string(RestoreLedger(backup_, path_).status().message()),
              HasSubstr("is in use by process"));
  ledger.reset();
  const auto report = RestoreLedger(backup_, path_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(Books(path_), then);
  EXPECT_EQ(OpenLedger(LedgerOptions(path_))->Identity().id, id);
  // Nothing is thrown away, and the next time does not overwrite it.
  EXPECT_EQ(Books(path_ + ".before-restore"), later);
  EXPECT_THAT(std::string(RestoreLedger(backup_, path_).status().message()),
              HasSubstr("is there from an earlier restore"));
}

TEST_F(BackupTest, TakesThePlaceOfALedgerThatIsDamagedOrGone) {
  auto ledger = OpenLedger(LedgerOptions(path_));
  Commit(*ledger, 10);
  ASSERT_TRUE(BackUpLedger(path_, backup_).ok());
  ledger.reset();
  std::ofstream(path_, std::ios::trunc) << "overwritten with something else entirely";
  ASSERT_TRUE(RestoreLedger(backup_, path_).ok());
  EXPECT_EQ(Books(path_), maker_.Expected());
  std::filesystem::remove(path_);
  std::filesystem::remove(path_ + ".before-restore");
  const auto restored = RestoreLedger(backup_, path_);
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(Books(path_), maker_.Expected());
}

TEST_F(BackupTest, IsRefusedWhenItDoesNotHoldTogether) {
  auto ledger = OpenLedger(LedgerOptions(path_));
  Commit(*ledger, 10);
  ASSERT_TRUE(BackUpLedger(path_, backup_).ok());
  ledger.reset();
  Tamper(backup_, "UPDATE totals SET chips_s = chips_s + 1");
  EXPECT_THAT(std::string(RestoreLedger(backup_, path_).status().message()),
              HasSubstr("does not hold together"));
  EXPECT_EQ(Books(path_), maker_.Expected());
}

}  // namespace
}  // namespace fleetmeter
