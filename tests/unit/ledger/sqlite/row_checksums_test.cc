// Checksums of rows: kept up to date by everything that writes, and found wrong when anything else
// has changed a row.
#include "daemon/ledger/sqlite/row_checksums.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "daemon/ledger/tools/verify.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/tries.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class RowChecksumsTest : public testing::Test {
 protected:
  RowChecksumsTest() {
    options_.keep_hours_nanos = 5 * kDay;
    options_.keep_sources_nanos = 400 * kDay;
    options_.check_rows_at_start_nanos = 600 * kSecond;
  }

  // Books with hours, days and quarters, and rows that were deleted.
  void Write(SqliteLedger& ledger, int count) {
    for (int i = 0; i < count; ++i) {
      const LedgerTransaction transaction = maker_.Next(10 * kHour);
      ASSERT_TRUE(ledger.Commit(transaction).ok());
      maker_.Committed(transaction);
      for (int j = 0; j < 4; ++j) ASSERT_TRUE(ledger.Maintain(maker_.now()).ok());
    }
  }

  std::string OpeningSays() {
    const auto ledger = SqliteLedger::Open(options_);
    return ledger.ok() ? "" : std::string(ledger.status().message());
  }

  std::unique_ptr<Database> Plain() {
    auto database = Database::Open(path_, {});
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }

  TempFolder folder_;
  TransactionMaker maker_{83};
  const std::string path_ = folder_.PathOf("books");
  SqliteLedgerOptions options_ = LedgerOptions(path_);
};

std::vector<std::string> TablesOf(Database& database) {
  std::vector<std::string> tables;
  Statement rows;
  EXPECT_TRUE(database.Prepare("SELECT table_name FROM row_checksums", &rows).ok());
  EXPECT_TRUE(rows.ForEach([&](const Statement& row) {
                    tables.push_back(row.Text(0));
                    return absl::OkStatus();
                  })
                  .ok());
  return tables;
}

TEST_F(RowChecksumsTest, MatchWhateverWasCommittedAndKeptHouse) {
  for (int run = 0; run < 3; ++run) {
    auto ledger = OpenLedger(options_);
    ASSERT_NE(ledger, nullptr);
    for (int i = 0; i < 10; ++i) {
      Write(*ledger, 3);
      const auto check = CheckRows(*Plain(), std::nullopt);
      ASSERT_TRUE(check.ok()) << check.status();
      ASSERT_THAT(check->findings, IsEmpty()) << "run " << run << ", " << i;
      EXPECT_EQ(check->left, 0);
    }
  }
  EXPECT_GT(TablesOf(*Plain()).size(), 30U);
  EXPECT_EQ(ReadInteger(path_,
                        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
                        "'sqlite_%' AND name <> 'row_checksums' AND name NOT IN "
                        "(SELECT table_name FROM row_checksums)"),
            0);
}

TEST_F(RowChecksumsTest, FindARowThatIsGoneInAnyTable) {
  Write(*OpenLedger(options_), 60);
  const auto database = Plain();
  int with_rows = 0;
  for (const std::string& table : TablesOf(*database)) {
    if (table == kSchemaRows || *database->Integer("SELECT count(*) FROM " + table) == 0) continue;
    ++with_rows;
    ASSERT_TRUE(database->Execute("PRAGMA foreign_keys = OFF; BEGIN; DELETE FROM " + table).ok());
    const auto check = CheckRows(*database, std::nullopt);
    ASSERT_TRUE(check.ok()) << check.status();
    EXPECT_THAT(check->findings, Contains(HasSubstr("the rows of " + table + " do not match")));
    ASSERT_TRUE(database->Execute("ROLLBACK").ok());
  }
  EXPECT_GT(with_rows, 20);
}

TEST_F(RowChecksumsTest, AStartRefusesRowsThatAnotherProgramChanged) {
  Write(*OpenLedger(options_), 5);
  EXPECT_EQ(OpeningSays(), "");
  // Nothing else in the books contradicts it.
  ASSERT_TRUE(Plain()->Execute("UPDATE activity SET observations = observations + 1").ok());
  EXPECT_THAT(OpeningSays(), HasSubstr("the rows of activity do not match their checksum"));
  const auto report = VerifyLedger(path_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->findings, testing::ElementsAre(HasSubstr("the rows of activity do not")));
}

TEST_F(RowChecksumsTest, AStartRefusesAnotherDefinition) {
  Write(*OpenLedger(options_), 2);
  ASSERT_TRUE(Plain()->Execute("DROP VIEW hours").ok());
  EXPECT_THAT(OpeningSays(), HasSubstr("the rows of sqlite_schema do not match"));
}

TEST_F(RowChecksumsTest, AStartTakesNoLongerThanItMay) {
  Write(*OpenLedger(options_), 30);
  options_.check_rows_at_start_nanos = 0;
  const auto ledger = OpenLedger(options_);
  ASSERT_NE(ledger, nullptr);
  EXPECT_THAT(ledger->Describe(), HasSubstr("match their checksums"));
}

TEST_F(RowChecksumsTest, AreWorkedOutWhereTheyAreMissing) {
  Write(*OpenLedger(options_), 10);
  Tamper(path_, "UPDATE activity SET sum_micro = sum_micro - 1");  // without checksums
  ASSERT_THAT(TablesOf(*Plain()), IsEmpty());
  EXPECT_EQ(OpeningSays(), "");
  EXPECT_GT(TablesOf(*Plain()).size(), 30U);
  EXPECT_EQ(OpeningSays(), "");
}

TEST_F(RowChecksumsTest, HashNumbersByTheirValueAndTextsByTheirBytes) {
  const auto hash_of = [&](const std::string& expression) {
    const std::string path = folder_.PathOf("values");
    std::ofstream(path, std::ios::trunc).close();
    const auto values = Database::Open(path, {});
    EXPECT_TRUE((*values)->Execute("CREATE TABLE v AS SELECT " + expression + " AS a").ok());
    return SumRows(**values, "v")->sum;
  };
  EXPECT_EQ(hash_of("5"), hash_of("5.0"));
  EXPECT_NE(hash_of("5"), hash_of("5.5"));
  EXPECT_NE(hash_of("5"), hash_of("'5'"));
  EXPECT_NE(hash_of("'5'"), hash_of("x'35'"));
  EXPECT_NE(hash_of("NULL"), hash_of("0"));
  EXPECT_NE(hash_of("''"), hash_of("NULL"));
  EXPECT_NE(hash_of("1, 2"), hash_of("2, 1"));
}

std::string ReadBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

// Whatever single byte a disk changes: a start finds it, or it is in no row and no counter.
TEST_F(RowChecksumsTest, NoByteThatADiskChangesIsTakenForTrue) {
  Write(*OpenLedger(options_), 60);
  std::map<std::string, RowSum> sums;
  {
    const auto database = Plain();
    for (const std::string& table : TablesOf(*database)) sums[table] = *SumRows(*database, table);
  }
  const std::string sound = ReadBytes(path_);
  ASSERT_GT(sound.size(), 100'000U);
  std::mt19937_64 random(5);
  int refused = 0;
  constexpr int kFlips = Tries(150, 40);
  for (int i = 0; i < kFlips; ++i) {
    std::string bytes = sound;
    const size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 + random() % 255));
    for (const char* suffix : {"-wal", "-shm", ".lock"}) std::filesystem::remove(path_ + suffix);
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    const auto opened = SqliteLedger::Open(options_);
    const absl::StatusOr<RestoredBooks> books =
        opened.ok() ? (*opened)->Restore() : absl::StatusOr<RestoredBooks>(opened.status());
    if (!books.ok()) {
      ++refused;
      continue;
    }
    EXPECT_EQ(TextOf(*books), maker_.Expected()) << "byte " << at;
    for (const auto& [table, sum] : sums) {
      const auto now = SumRows(*Plain(), table);
      ASSERT_TRUE(now.ok()) << now.status() << ", byte " << at;
      EXPECT_EQ(*now, sum) << table << ", byte " << at;
    }
  }
  // The rest hits room that nothing uses.
  EXPECT_GT(refused, kFlips / 10);
}

}  // namespace
}  // namespace fleetmeter
