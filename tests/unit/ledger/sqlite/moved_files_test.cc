// A ledger whose files are taken away, replaced or cut off while it is open, and two that would
// write one file: nothing is acknowledged that a later start does not find.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "daemon/ledger/sqlite/ledger_lock.h"
#include "daemon/ledger/sqlite/ledger_memory.h"
#include "daemon/ledger/tools/backup.h"
#include "daemon/ledger/tools/verify.h"
#include "gmock/gmock.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FileProbe final : public LedgerProbe {
 public:
  void FileInPlace(bool in_place) override { in_place_ = in_place; }
  void LogSize(int64_t bytes, int64_t unmoved_bytes) override {
    log_bytes_ = bytes;
    unmoved_bytes_ = unmoved_bytes;
  }
  void Checkpointed(bool all) override { ++(all ? whole_ : held_back_); }

  bool in_place_ = true;
  int64_t log_bytes_ = -1;
  int64_t unmoved_bytes_ = -1;
  int whole_ = 0;
  int held_back_ = 0;
};

class MovedFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.probe = &probe_;
    ledger_ = OpenLedger(options_);
    ASSERT_NE(ledger_, nullptr);
    Commit(10);
  }

  void Commit(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(TryCommit().ok());
  }
  absl::Status TryCommit() {
    const TransactionMaker before = maker_;
    const LedgerTransaction transaction = maker_.Next();
    absl::Status status = ledger_->Commit(transaction);
    maker_.Committed(transaction);
    if (!status.ok()) maker_ = before;
    return status;
  }
  // What a start says; empty: it restored exactly the books that were acknowledged.
  std::string Start() {
    ledger_.reset();
    auto opened = SqliteLedger::Open(options_);
    if (!opened.ok()) return std::string(opened.status().message());
    auto books = (*opened)->Restore();
    if (!books.ok()) return std::string(books.status().message());
    EXPECT_EQ(TextOf(*books), maker_.Expected());
    ledger_ = *std::move(opened);
    return "";
  }

  TempFolder folder_;
  FileProbe probe_;
  TransactionMaker maker_{71};
  const std::string path_ = folder_.PathOf("books");
  SqliteLedgerOptions options_ = LedgerOptions(path_);
  std::unique_ptr<SqliteLedger> ledger_;
};

TEST_F(MovedFilesTest, GoesOnWhenAMovedFileIsBack) {
  fs::rename(path_, path_ + ".moved");
  const absl::Status refused = TryCommit();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("no longer at"));
  EXPECT_FALSE(probe_.in_place_);
  EXPECT_EQ(ledger_->Maintain(maker_.now()).code(), absl::StatusCode::kUnavailable)
      << "the tick notices it without a report";
  // Also where there is nothing to commit: else the trouble would seem to be over.
  EXPECT_EQ(ledger_->Commit({}).code(), absl::StatusCode::kUnavailable);
  fs::rename(path_ + ".moved", path_);
  Commit(1);
  EXPECT_TRUE(probe_.in_place_);
  EXPECT_EQ(Start(), "");
}

TEST_F(MovedFilesTest, AFileThatStaysAwayIsNotBegunAnew) {
  fs::rename(path_, path_ + ".moved");
  EXPECT_FALSE(TryCommit().ok());
  EXPECT_THAT(Start(), HasSubstr("is gone"));
  EXPECT_FALSE(fs::exists(path_));
  fs::rename(path_ + ".moved", path_);
  EXPECT_EQ(Start(), "") << "what was moved stands for itself, its log included";
}

TEST_F(MovedFilesTest, ADeletedFileSaysHowToSaveIt) {
  fs::remove(path_);
  EXPECT_THAT(std::string(TryCommit().message()),
              HasSubstr("copy /proc/" + std::to_string(getpid()) + "/fd/"));
  EXPECT_THAT(Start(), HasSubstr("'fleetmeterctl ledger restore'"));
}

TEST_F(MovedFilesTest, AnotherFileInItsPlaceIsNotWritten) {
  const std::string backup = folder_.PathOf("backup");
  ASSERT_TRUE(BackUpLedger(path_, backup).ok());
  fs::rename(backup, path_);
  const absl::Status refused = TryCommit();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("another file is at"));
  EXPECT_EQ(Start(), "") << "the backup holds what was acknowledged";
}

TEST_F(MovedFilesTest, AnOlderFileInItsPlaceIsTold) {
  const std::string backup = folder_.PathOf("backup");
  ASSERT_TRUE(BackUpLedger(path_, backup).ok());
  Commit(3);
  fs::rename(backup, path_);
  EXPECT_THAT(Start(), HasSubstr("an older file was put in its place"));
  // As the message says: whoever means it removes what remembers the later books.
  fs::remove(path_ + ".lock");
  EXPECT_NE(OpenLedger(options_), nullptr);
}

TEST_F(MovedFilesTest, WhatIsInALogWithoutANameIsSaved) {
  for (const char* suffix : {"-wal", "-shm"}) {
    Commit(2);
    fs::remove(path_ + suffix);
    const absl::Status broken = TryCommit();
    EXPECT_EQ(broken.code(), absl::StatusCode::kDataLoss) << suffix;
    EXPECT_THAT(std::string(broken.message()), HasSubstr(suffix));
    EXPECT_EQ(TryCommit().code(), absl::StatusCode::kDataLoss) << "for good";
    EXPECT_EQ(Start(), "") << suffix;
  }
}

TEST_F(MovedFilesTest, ALogOfAnotherIsLeftAlone) {
  fs::rename(path_ + "-wal", path_ + "-wal.moved");
  std::ofstream(path_ + "-wal") << "somebody else's";
  EXPECT_EQ(TryCommit().code(), absl::StatusCode::kDataLoss);
  ledger_.reset();
  EXPECT_TRUE(fs::exists(path_ + "-wal"));
  fs::remove(path_ + "-wal");
  EXPECT_EQ(Start(), "");
}

TEST_F(MovedFilesTest, ALogThatWasCutOffStopsTheLedgerAndIsTold) {
  ledger_.reset();  // the file has what was committed so far
  ledger_ = OpenLedger(options_);
  Commit(5);
  fs::resize_file(path_ + "-wal", fs::file_size(path_ + "-wal") / 2);
  const absl::Status broken = TryCommit();
  EXPECT_EQ(broken.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(broken.message()), HasSubstr("was cut off from"));
  EXPECT_THAT(Start(), HasSubstr("the end of its log is lost"));
}

TEST_F(MovedFilesTest, AnEmptiedLogOfNewBooksIsTold) {
  fs::resize_file(path_ + "-wal", 0);
  EXPECT_EQ(TryCommit().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Start(), HasSubstr("is empty"));
}

TEST_F(MovedFilesTest, AFileThatSomebodyElseWroteStopsTheLedger) {
  ledger_.reset();
  ledger_ = OpenLedger(options_);
  Commit(1);
  // Far from now, so that the time of change differs whatever the clock's resolution is.
  const auto before = fs::last_write_time(path_);
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(path_)) - 1);
    file.put('x');
  }
  fs::last_write_time(path_, before + std::chrono::seconds(1));
  const absl::Status broken = TryCommit();
  EXPECT_EQ(broken.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(broken.message()), HasSubstr("was written by another program"));
}

TEST_F(MovedFilesTest, TheFileHasOneWriterByWhateverName) {
  const std::string symbolic = folder_.PathOf("symbolic");
  const std::string hard = folder_.PathOf("hard");
  fs::create_symlink(path_, symbolic);
  fs::create_hard_link(path_, hard);
  for (const std::string& other : {symbolic, hard}) {
    const auto second = SqliteLedger::Open(LedgerOptions(other));
    EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition) << other;
    EXPECT_THAT(std::string(second.status().message()), HasSubstr("by another name")) << other;
  }
  fs::remove(path_ + ".lock");
  const auto second = SqliteLedger::Open(options_);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("whose .lock was deleted"));
  const std::string backup = folder_.PathOf("backup");
  ASSERT_TRUE(BackUpLedger(path_, backup).ok());
  fs::remove(path_ + ".lock");
  EXPECT_THAT(std::string(RestoreLedger(backup, path_).status().message()),
              HasSubstr("in use by another process"));
  Commit(1);
  fs::remove(hard);
  EXPECT_EQ(Start(), "");
}

TEST_F(MovedFilesTest, ARestoreForgetsWhatTheLaterBooksHadSettled) {
  const std::string backup = folder_.PathOf("backup");
  ASSERT_TRUE(BackUpLedger(path_, backup).ok());
  const TransactionMaker then = maker_;
  Commit(5);
  ledger_.reset();
  ASSERT_TRUE(RestoreLedger(backup, path_).ok());
  maker_ = then;
  EXPECT_EQ(Start(), "");
}

// Only root gives files away; for anybody else the owner is whoever restores.
TEST_F(MovedFilesTest, ARestoredFileBelongsToTheService) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file to somebody else";
  constexpr uid_t kService = 4'711;
  const std::string backup = folder_.PathOf("backup");
  ASSERT_TRUE(BackUpLedger(path_, backup).ok());
  ledger_.reset();
  ASSERT_EQ(chown(path_.c_str(), kService, kService), 0);
  const auto owner = [&](const std::string& path) {
    struct stat info{};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info.st_uid;
  };
  ASSERT_TRUE(RestoreLedger(backup, path_).ok());
  EXPECT_EQ(owner(path_), kService) << "who had the ledger before";
  fs::remove(path_);
  fs::remove(path_ + ".lock");
  fs::remove(path_ + ".before-restore");
  ASSERT_EQ(chown(folder_.path().c_str(), kService, kService), 0);
  ASSERT_TRUE(RestoreLedger(backup, path_).ok());
  EXPECT_EQ(owner(path_), kService) << "who has the folder";
  EXPECT_EQ(owner(path_ + ".lock"), kService);
}

TEST_F(MovedFilesTest, TellsHowLongTheLogIsAndWhetherAReaderHoldsIt) {
  ledger_.reset();
  options_.checkpoint_pages = 1;
  ledger_ = OpenLedger(options_);
  Commit(2);
  EXPECT_EQ(probe_.log_bytes_, 0) << "all of it is in the file";
  EXPECT_EQ(probe_.unmoved_bytes_, 0);
  EXPECT_GT(probe_.whole_, 0);
  EXPECT_EQ(probe_.held_back_, 0);
  {
    const auto reader = Database::Open(path_, {.read_only = true});
    ASSERT_TRUE(reader.ok()) << reader.status();
    ASSERT_TRUE((*reader)->Execute("BEGIN").ok());
    ASSERT_TRUE((*reader)->Integer("SELECT count(*) FROM totals").ok());
    Commit(3);
    EXPECT_GT(probe_.log_bytes_, 0);
    EXPECT_GT(probe_.unmoved_bytes_, 0);
    EXPECT_GT(probe_.held_back_, 0);
  }
  Commit(1);
  EXPECT_EQ(probe_.log_bytes_, 0);
  EXPECT_EQ(probe_.unmoved_bytes_, 0);
}

// A log that is cut off before the books had a name leaves books of another one, with no report.
TEST(LedgerMemory, BooksThatBeginAnewAreNotThoseThatWereHere) {
  const LedgerMemory before = MemoryOf("books", 10);
  EXPECT_FALSE(CheckNotOlder("ledger.db", before, MemoryOf("other", 0)).ok());
  EXPECT_FALSE(CheckNotOlder("ledger.db", before, MemoryOf("books", 9)).ok());
  EXPECT_TRUE(CheckNotOlder("ledger.db", before, MemoryOf("other", 9)).ok());
  EXPECT_TRUE(CheckNotOlder("ledger.db", LedgerMemory(), MemoryOf("other", 0)).ok());
}

// Counting what was deferred moves no stream: its sequence was settled when it was deferred.
TEST(LedgerMemory, WhatWasDeferredAndCountedInALaterRunIsRememberedOnce) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  LedgerTransaction counted = OneReport("host", kLedgerStart, 10 * kNanosPerSecond,
                                        MakeGroup("p", "t", 100), kLedgerStart + kHour);
  LedgerTransaction deferred;
  deferred.now_unix_nanos = counted.now_unix_nanos;
  deferred.streams = counted.streams;
  deferred.deferred.push_back({.source = "host",
                               .window = {kLedgerStart, kLedgerStart + 10 * kNanosPerSecond},
                               .rejection = {RejectReason::kUnknownPool, "groups[0].pool", "x"},
                               .again = false});
  counted.streams.clear();
  counted.counted_again = 1;
  for (const LedgerTransaction& transaction : {deferred, counted}) {
    auto ledger = OpenLedger(options);
    ASSERT_NE(ledger, nullptr);
    ASSERT_TRUE(ledger->Commit(transaction).ok());
  }
  auto ledger = SqliteLedger::Open(options);
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  const auto books = (*ledger)->Restore();
  ASSERT_TRUE(books.ok()) << books.status();
  EXPECT_EQ(books->counters.Moved(), 1u);
}

}  // namespace
}  // namespace fleetmeter
