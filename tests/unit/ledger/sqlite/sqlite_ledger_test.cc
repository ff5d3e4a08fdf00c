#include "daemon/ledger/sqlite/sqlite_ledger.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "daemon/ledger/sqlite/ledger_schema.h"
#include "daemon/ledger/tools/verify.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;

std::string MessageOf(const SqliteLedgerOptions& options) {
  const auto ledger = SqliteLedger::Open(options);
  return ledger.ok() ? "opened" : std::string(ledger.status().message());
}

TEST(SqliteLedger, RestoresExactlyWhatWasCommitted) {
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    const TempFolder folder;
    const auto options = LedgerOptions(folder.PathOf("books"));
    TransactionMaker maker(seed);
    auto ledger = OpenLedger(options);
    for (int i = 0; i < 150; ++i) {
      const LedgerTransaction transaction = maker.Next();
      ASSERT_TRUE(ledger->Commit(transaction).ok());
      maker.Committed(transaction);
      if (i % 40 != 39) continue;
      ledger.reset();
      RestoredBooks books;
      ledger = OpenLedger(options, &books);
      ASSERT_EQ(TextOf(books), maker.Expected()) << "seed " << seed << ", transaction " << i;
    }
  }
}

TEST(SqliteLedger, BooksEveryHourSoThatHoursAddUpToTheTotals) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  TransactionMaker maker(11);
  auto ledger = OpenLedger(options);
  for (int i = 0; i < 200; ++i) {
    const LedgerTransaction transaction = maker.Next();
    ASSERT_TRUE(ledger->Commit(transaction).ok());
    maker.Committed(transaction);
  }
  UsageAmounts all;
  for (const auto& [cell, amounts] : maker.totals()) all += amounts;
  const auto seconds = [&](const std::string& table, const std::string& amount) {
    const std::string sql = "SELECT sum(" + amount + "_s) FROM " + table;
    const std::string nanos = "SELECT sum(" + amount + "_ns) FROM " + table;
    return absl::int128(ReadInteger(options.path, sql)) * kNanosPerSecond +
           ReadInteger(options.path, nanos);
  };
  for (const char* table : {"usage_hours", "totals"}) {
    EXPECT_EQ(seconds(table, "chips"), all.chips) << table;
    EXPECT_EQ(seconds(table, "busy"), all.busy) << table;
    EXPECT_EQ(seconds(table, "productive"), all.productive) << table;
    EXPECT_EQ(seconds(table, "measured"), all.measured) << table;
    EXPECT_EQ(seconds(table, "productive_measured"), all.productive_measured) << table;
  }
  EXPECT_GT(ReadInteger(options.path, "SELECT count(DISTINCT hour_start) FROM usage_hours"), 1);
}

TEST(SqliteLedger, KeepsItsIdentity) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  const std::string id = OpenLedger(options)->Identity().id;
  EXPECT_EQ(id.size(), 16U);
  EXPECT_EQ(OpenLedger(options)->Identity().id, id);
  EXPECT_TRUE(OpenLedger(options)->Identity().durable);
  EXPECT_NE(OpenLedger(LedgerOptions(folder.PathOf("others")))->Identity().id, id);
}

TEST(SqliteLedger, IsForItsOwnerAlone) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  const auto ledger = OpenLedger(options);
  TransactionMaker maker(1);
  ASSERT_TRUE(ledger->Commit(maker.Next()).ok());
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat info{};
    ASSERT_EQ(stat((options.path + suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 0777, 0600U) << suffix;
  }
}

TEST(SqliteLedger, RefusesASecondWriter) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  const auto ledger = OpenLedger(options);
  EXPECT_THAT(MessageOf(options), HasSubstr("is in use by process " + std::to_string(getpid())));
}

TEST(SqliteLedger, CanBeOpenedAgainOnceTheFirstIsGone) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  OpenLedger(options).reset();
  EXPECT_EQ(MessageOf(options), "opened");
}

TEST(SqliteLedger, RefusesPathsThatCannotBe) {
  const TempFolder folder;
  EXPECT_THAT(MessageOf(LedgerOptions("")), HasSubstr("not the path of a file"));
  EXPECT_THAT(MessageOf(LedgerOptions(":memory:")), HasSubstr("not the path of a file"));
  EXPECT_THAT(MessageOf(LedgerOptions(folder.path() + "/")), HasSubstr("not the path of a file"));
  EXPECT_THAT(MessageOf(LedgerOptions(folder.path())), HasSubstr("not a regular file"));
  EXPECT_THAT(MessageOf(LedgerOptions(folder.PathOf("no/where"))),
              HasSubstr("the ledger's folder"));
}

TEST(SqliteLedger, TakesAPathThatLooksLikeAUriForAPath) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("odd?mode=memory#%41"));
  TransactionMaker maker(1);
  const LedgerTransaction transaction = maker.Next();
  ASSERT_TRUE(OpenLedger(options)->Commit(transaction).ok());
  maker.Committed(transaction);
  EXPECT_TRUE(std::filesystem::exists(options.path));
  RestoredBooks books;
  OpenLedger(options, &books);
  EXPECT_EQ(TextOf(books), maker.Expected());
}

TEST(SqliteLedger, RefusesWhatIsNoLedgerAndLeavesItAsItIs) {
  const TempFolder folder;
  const std::string text = folder.PathOf("notes");
  std::ofstream(text) << "not a database, but long enough to look at";
  EXPECT_THAT(MessageOf(LedgerOptions(text)), HasSubstr("it is no SQLite database"));
  const std::string other = folder.PathOf("other.db");
  std::ofstream(other).close();
  Tamper(other, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  const auto size = std::filesystem::file_size(other);
  EXPECT_THAT(MessageOf(LedgerOptions(other)), HasSubstr("not a ledger of Fleetmeter"));
  EXPECT_EQ(std::filesystem::file_size(other), size);
  EXPECT_EQ(ReadText(other, "PRAGMA journal_mode"), "delete");
}

TEST(SqliteLedger, RefusesTablesOfANewerProgram) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  OpenLedger(options).reset();
  Tamper(options.path, "PRAGMA user_version = 99");
  EXPECT_THAT(MessageOf(options), HasSubstr("tables of version 99"));
}

TEST(SqliteLedger, MakesItsTablesInAFileThatWasJustMade) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  // As a process leaves it that ends between making the file and making its tables.
  std::ofstream(options.path).close();
  EXPECT_EQ(MessageOf(options), "opened");
  const auto bare = LedgerOptions(folder.PathOf("bare"));
  std::ofstream(bare.path).close();
  Tamper(bare.path, "PRAGMA journal_mode = WAL");
  EXPECT_EQ(MessageOf(bare), "opened");
  EXPECT_EQ(ReadInteger(bare.path, "PRAGMA application_id"), 0x464D4C47);
  EXPECT_EQ(ReadInteger(bare.path, "PRAGMA user_version"), LatestSchemaVersion());
}

TEST(SqliteLedger, ChangesNothingForATransactionThatContradictsItself) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  auto ledger = OpenLedger(options);
  TransactionMaker maker(5);
  LedgerTransaction transaction = maker.Next();
  while (transaction.counted.size() < 2) transaction = maker.Next();
  LedgerTransaction bad = transaction;
  bad.counted.back().conversions.pop_back();
  EXPECT_EQ(ledger->Commit(bad).code(), absl::StatusCode::kInvalidArgument);
  bad = transaction;
  bad.counted.back().report.groups.back().busy_chip_nanos = INT64_MAX;
  EXPECT_EQ(ledger->Commit(bad).code(), absl::StatusCode::kInvalidArgument);
  bad = transaction;
  bad.first_term = 5;
  EXPECT_EQ(ledger->Commit(bad).code(), absl::StatusCode::kInvalidArgument);
  // And goes on.
  EXPECT_TRUE(ledger->Commit(transaction).ok());
  maker.Committed(transaction);
  ledger.reset();
  RestoredBooks books;
  OpenLedger(options, &books);
  EXPECT_EQ(TextOf(books), maker.Expected());
}

// Their positions go; what they have settled stays in the sums by which a start checks the file.
TEST(SqliteLedger, RetiresStreams) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  auto ledger = OpenLedger(options);
  const StreamKey old_stream{"sender", std::string(16, 'o')};
  const StreamKey new_stream{"sender", std::string(16, 'n')};
  LedgerTransaction transaction;
  transaction.now_unix_nanos = kLedgerStart;
  const Rejection wrong{RejectReason::kUnknownPool, "groups[0].pool", "'x' is not a pool"};
  for (uint64_t i = 1; i <= 3; ++i) {
    transaction.rejected.push_back({old_stream, i, "host", wrong});
  }
  transaction.streams.push_back({.stream = old_stream, .sequence = 3, .epoch = 1, .digests = {}});
  ASSERT_TRUE(ledger->Commit(transaction).ok());

  LedgerTransaction next;
  next.now_unix_nanos = kLedgerStart;
  next.rejected.push_back({new_stream, 1, "host", wrong});
  next.streams.push_back({.stream = new_stream, .sequence = 1, .epoch = 1, .digests = {}});
  next.streams.push_back(
      {.stream = old_stream, .sequence = 3, .epoch = 1, .digests = {}, .retired = true});
  ASSERT_TRUE(ledger->Commit(next).ok());

  ledger.reset();
  RestoredBooks books;
  ledger = OpenLedger(options, &books);
  ASSERT_EQ(books.streams.size(), 1u);
  EXPECT_EQ(books.streams[0].stream, new_stream);
  EXPECT_EQ(books.retired.sequences, 3u);
  EXPECT_THAT(books.retired.marks, testing::ElementsAre(RetiredMark(old_stream)));
  EXPECT_TRUE(VerifyLedger(options.path)->findings.empty());

  ledger.reset();
  Tamper(options.path, "UPDATE retired_totals SET sequences = 2");
  EXPECT_FALSE(VerifyLedger(options.path)->findings.empty());
  const auto damaged = SqliteLedger::Open(options);
  ASSERT_TRUE(damaged.ok()) << damaged.status();
  EXPECT_THAT(std::string((*damaged)->Restore().status().message()),
              HasSubstr("have settled 3 reports, but 4"));
}

// Those that hold nothing. What a host held when it was heard last it holds until somebody says
// otherwise, over a restart too.
TEST(SqliteLedger, ForgetsSourcesThatNothingWasCountedForInALongTime) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  TransactionMaker maker(8);
  auto ledger = OpenLedger(options);
  ASSERT_TRUE(ledger->Commit(maker.Next()).ok());
  ASSERT_TRUE(ledger->Maintain(maker.now()).ok());
  EXPECT_GT(ReadInteger(options.path, "SELECT count(*) FROM sources"), 0);
  const std::string held = "SELECT count(DISTINCT source_row) FROM holdings WHERE micro_chips > 0";
  const int64_t holders = ReadInteger(options.path, held);
  EXPECT_GT(holders, 0);
  const std::string live = "SELECT count(*) FROM sources WHERE history = 0";
  // Rolling up comes first, a slice at a time.
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ledger->Maintain(maker.now() + 11 * kDay).ok());
  EXPECT_EQ(ReadInteger(options.path, live), holders);
  EXPECT_EQ(ReadInteger(options.path, held), holders);
  ledger.reset();
  Tamper(options.path, "DELETE FROM holdings");
  ledger = OpenLedger(options);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ledger->Maintain(maker.now() + 11 * kDay).ok());
  EXPECT_EQ(ReadInteger(options.path, live), 0);
  EXPECT_GT(ReadInteger(options.path, "SELECT count(*) FROM streams"), 0);
}

TEST(SqliteLedger, KeepsTheFirstContentOfEachPriceBookAndSuite) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  ReferenceData first;
  first.outcomes.prices = outcomes::PriceBook(3);
  first.outcomes.prices.Add("opus", "", {.input = 3, .output = 15});
  first.outcomes.suite.emplace().name = "general";
  first.outcomes.suite->version = 2;
  ReferenceData second = first;
  second.outcomes.prices.Add("opus", "", {.effective_from_unix_seconds = 9, .input = 4});
  {
    auto ledger = OpenLedger(options);
    ASSERT_TRUE(ledger->RecordReferenceData(first, 100).ok());
    ASSERT_TRUE(ledger->RecordReferenceData(second, 200).ok());
  }
  RestoredBooks books;
  const auto ledger = OpenLedger(options, &books);
  EXPECT_THAT(books.outcome_rules,
              testing::UnorderedElementsAreArray(outcomes::ContentsOf(first.outcomes)));
}

TEST(SqliteLedger, RecordsEachContentOfCatalogAndPlanOnce) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  auto ledger = OpenLedger(options);
  Conversion conversion{.effective_from_unix_nanos = 5,
                        .chips_per_h100e = {3, 2},
                        .by_workload_type = {{"decode", {2, 1}}},
                        .basis = "a table"};
  ChipKind kind{.name = "half",
                .provider = "cloud",
                .title = "",
                .conversions = {conversion},
                .micro_usd_per_chip_hour = std::nullopt,
                .peak_flops = {}};
  ReferenceData model;
  model.catalog = Catalog(4, {kind});
  Plan plan;
  plan.name = "plan";
  plan.version = 2;
  plan.pools.push_back({.name = "alpha",
                        .category = Category::kTraining,
                        .tier = Tier::kP1,
                        .owner = "someone",
                        .contact = "",
                        .teams = {"red", "blue"},
                        .allocated_h100e = 64.5,
                        .policy = {}});
  model.plans = {plan};
  ASSERT_TRUE(ledger->RecordReferenceData(model, 100).ok());
  ASSERT_TRUE(ledger->RecordReferenceData(model, 200).ok());
  EXPECT_EQ(ReadInteger(options.path, "SELECT count(*) FROM catalog_versions"), 1);
  EXPECT_EQ(ReadInteger(options.path, "SELECT recorded_unix_nanos FROM plan_versions"), 100);
  EXPECT_EQ(ReadInteger(options.path, "SELECT count(*) FROM catalog_ratios"), 2);
  EXPECT_EQ(ReadInteger(options.path,
                        "SELECT numerator FROM catalog_ratios WHERE workload_type = 'decode'"),
            2);
  // The same version, saying something else.
  model.plans[0].pools[0].allocated_h100e = 65;
  ASSERT_TRUE(ledger->RecordReferenceData(model, 300).ok());
  EXPECT_EQ(ReadInteger(options.path, "SELECT count(*) FROM plan_versions"), 2);
  EXPECT_EQ(ReadText(options.path, "SELECT teams FROM plan_pools WHERE allocated_h100e = 65"),
            "red,blue");
}

TEST(SqliteLedger, KeepsTheFirstContentOfAPlansVersion) {
  TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  auto ledger = OpenLedger(options);
  ReferenceData reference;
  Plan& plan = reference.plans.emplace_back();
  plan.name = "spring";
  plan.version = 5;
  plan.content_digest = 0xfedcba9876543210u;  // beyond what SQLite takes for a positive number
  ASSERT_TRUE(ledger->RecordReferenceData(reference, 100).ok());
  reference.plans[0].content_digest = 1;
  ASSERT_TRUE(ledger->RecordReferenceData(reference, 200).ok());
  ledger.reset();
  RestoredBooks books;
  ledger = OpenLedger(options, &books);
  EXPECT_THAT(books.plans,
              testing::ElementsAre(PlanContent{"spring", 5, 0xfedcba9876543210u, 100}));
}

}  // namespace
}  // namespace fleetmeter
