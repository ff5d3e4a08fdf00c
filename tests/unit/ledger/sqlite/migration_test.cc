// Ledgers of earlier versions of the tables. data/version_1.sql was written by the program of that
// time, and version_1.books says what it restored from it.
#include <fstream>
#include <sstream>

#include "daemon/ledger/read/read_outcomes.h"
#include "daemon/ledger/read/read_usage.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "daemon/ledger/tools/verify.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

std::string DataFile(const std::string& name) {
  const char* root = std::getenv("FLEETMETER_SOURCE_DIR");
  EXPECT_NE(root, nullptr) << "FLEETMETER_SOURCE_DIR is not set";
  const std::string path =
      std::string(root == nullptr ? "." : root) + "/tests/unit/ledger/sqlite/data/" + name;
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class MigrationTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(path_).close();
    Tamper(path_, DataFile("version_1.sql"));
    Tamper(path_, "PRAGMA application_id = 0x464D4C47; PRAGMA user_version = 1");
  }

  TempFolder folder_;
  std::string path_ = folder_.PathOf("books");
};

TEST_F(MigrationTest, KeepsTheBooksOfVersion1) {
  const std::string id = ReadText(path_, "SELECT hex(ledger_id) FROM ledger_info");
  RestoredBooks books;
  auto ledger = OpenLedger(LedgerOptions(path_), &books);
  ASSERT_NE(ledger, nullptr);
  EXPECT_EQ(TextOf(books), DataFile("version_1.books"));
  EXPECT_EQ(ReadInteger(path_, "PRAGMA user_version"), LatestSchemaVersion());
  EXPECT_EQ(ReadText(path_, "SELECT hex(ledger_id) FROM ledger_info"), id);
  EXPECT_EQ(ReadInteger(path_, "SELECT count(*) FROM sources WHERE history = 1"), 0);
  const auto report = VerifyLedger(path_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->findings, testing::IsEmpty());
  EXPECT_GT(report->day_rows, 0);
  EXPECT_EQ(report->inference_rows, 0);
}

// Rows of version 1 name the time that they correct, so nothing about when it was used is guessed.
TEST_F(MigrationTest, FindsUsageByTheTimeOfItsUse) {
  ASSERT_NE(OpenLedger(LedgerOptions(path_)), nullptr);
  const auto database = OpenLedgerToRead(path_);
  ASSERT_TRUE(database.ok()) << database.status();
  UsageQuestion question{0, 4'102'444'800, {UsageKey::kState}};
  const auto used = ReadUsage(**database, question);
  question.time = UsageTime::kBooked;
  const auto booked = ReadUsage(**database, question);
  ASSERT_TRUE(used.ok() && booked.ok()) << used.status() << booked.status();
  ASSERT_THAT(used->rows, testing::Not(testing::IsEmpty()));
  ASSERT_EQ(used->rows.size(), booked->rows.size());
  for (size_t i = 0; i < used->rows.size(); ++i) {
    EXPECT_EQ(used->rows[i].chips, booked->rows[i].chips);
  }
}

TEST_F(MigrationTest, GoesOnWithOutcomes) {
  auto ledger = OpenLedger(LedgerOptions(path_));
  ASSERT_NE(ledger, nullptr);
  TransactionMaker maker(17);
  LedgerTransaction transaction;
  transaction.now_unix_nanos = maker.now();
  OutcomeEntry& entry = transaction.outcomes.emplace_back();
  entry.stream = {"billing", "0123456789abcdef"};
  entry.sequence = 1;
  entry.source = "billing";
  entry.window_start_unix_nanos = maker.now() - kDay;
  entry.window_length_nanos = kDay;
  entry.windows.Add({maker.now() - kDay, maker.now()});
  entry.inference.push_back({.model = "m",
                             .customer_tier = "all",
                             .pool = "",
                             .workload = "",
                             .amounts = {.requests = 5, .revenue_micro_usd = 7}});
  transaction.streams.push_back({.stream = entry.stream, .sequence = 1, .epoch = 1, .digests = {}});
  ASSERT_TRUE(ledger->Commit(transaction).ok());
  ledger.reset();
  RestoredBooks books;
  ledger = OpenLedger(LedgerOptions(path_), &books);
  ASSERT_EQ(books.outcomes.segments.size(), 1U);
  EXPECT_EQ(books.outcomes.segments[0].reported.revenue_micro_usd, 7);
  EXPECT_THAT(VerifyLedger(path_)->findings, testing::IsEmpty());
}

// Of what was held before a gap version 1 says nothing: what a source holds now stands for it.
TEST_F(MigrationTest, TakesWhatSourcesHoldForWhatTheyHeldBeforeTheirGaps) {
  Tamper(path_,
         "UPDATE sources SET gaps = '[[' || (counted_from_unix_nanos + 1) || ',' || "
         "(counted_from_unix_nanos + 5) || '],[' || (counted_from_unix_nanos + 7) || ',' || "
         "(counted_from_unix_nanos + 8) || ']]' WHERE source_row = (SELECT min(source_row) FROM "
         "holdings WHERE micro_chips > 0)");
  const int64_t held =
      ReadInteger(path_,
                  "SELECT count(*) FROM holdings WHERE micro_chips > 0 AND source_row = (SELECT "
                  "min(source_row) FROM holdings WHERE micro_chips > 0)");
  ASSERT_GT(held, 0);
  ASSERT_NE(OpenLedger(LedgerOptions(path_)), nullptr);
  EXPECT_EQ(ReadInteger(path_, "SELECT count(*) FROM silences WHERE until_unix_nanos IS NULL"),
            ReadInteger(path_,
                        "SELECT sum(json_array_length(s.gaps)) FROM sources AS s JOIN "
                        "holdings AS h USING (source_row) WHERE h.micro_chips > 0"));
  EXPECT_GE(ReadInteger(path_, "SELECT count(*) FROM silences"), 2 * held);
  EXPECT_EQ(ReadInteger(path_,
                        "SELECT count(*) FROM silences AS q JOIN sources AS s USING (source) "
                        "WHERE q.from_unix_nanos = s.counted_from_unix_nanos + 7"),
            held);
  // Each pool is told of since its first period.
  EXPECT_EQ(ReadInteger(path_, "SELECT count(*) FROM pools_told"),
            ReadInteger(path_, "SELECT count(DISTINCT pool) FROM totals WHERE pool <> ''"));
  EXPECT_EQ(ReadInteger(path_,
                        "SELECT count(*) FROM pools_told AS p JOIN hours AS h USING (pool) WHERE "
                        "iif(corrects_hour > 0, corrects_hour, hour_start) * 1000000000 < "
                        "p.from_unix_nanos"),
            0);
}

TEST_F(MigrationTest, IsLeftToTheDaemonByReaders) {
  EXPECT_THAT(std::string(OpenLedgerToRead(path_).status().message()),
              testing::HasSubstr(
                  fmt::format("has tables of version 1; expected {}", LatestSchemaVersion())));
}

}  // namespace
}  // namespace fleetmeter
