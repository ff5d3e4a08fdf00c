// fleetmeterctl as it is, on ledgers.
#include <cstdlib>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/process.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

Ran Ctl(std::vector<std::string> arguments) {
  const char* binary_dir = std::getenv("FLEETMETER_BINARY_DIR");
  arguments.insert(arguments.begin(),
                   std::string(binary_dir == nullptr ? FLEETMETER_BUILT_IN : binary_dir) +
                       "/daemon/fleetmeterctl");
  const auto child = ChildProcess::Start(arguments);
  EXPECT_TRUE(child.ok()) << child.status();
  Ran ran;
  ran.code = (*child)->Wait(60s).value_or(-1);
  ran.out = (*child)->Stdout();
  ran.err = (*child)->Stderr();
  return ran;
}

class LedgerProgram : public testing::Test {
 protected:
  void SetUp() override {
    ledger_ = OpenLedger(LedgerOptions(path_));
    for (int i = 0; i < 10; ++i) {
      const LedgerTransaction transaction = maker_.Next();
      ASSERT_TRUE(ledger_->Commit(transaction).ok());
      maker_.Committed(transaction);
    }
  }
  TempFolder folder_;
  TransactionMaker maker_{61};
  const std::string path_ = folder_.PathOf("books");
  const std::string backup_ = folder_.PathOf("backup");
  std::unique_ptr<SqliteLedger> ledger_;
};

TEST_F(LedgerProgram, VerifiesBesideTheWriter) {
  const Ran sound = Ctl({"ledger", "verify", "--ledger", path_});
  EXPECT_EQ(sound.code, 0) << sound.err;
  EXPECT_THAT(sound.out, HasSubstr(": ok: " + std::to_string(maker_.reports()) + " reports"));
  Tamper(path_, "UPDATE totals SET chips_s = chips_s + 1 WHERE cell_id = 2");
  const Ran tampered = Ctl({"ledger", "verify", "--ledger", path_});
  EXPECT_EQ(tampered.code, 1);
  EXPECT_THAT(tampered.out, HasSubstr("totals of cell 2 differ"));
  EXPECT_THAT(tampered.err, HasSubstr("does not hold together"));
}

TEST_F(LedgerProgram, BacksUpAndRestores) {
  const Ran backup = Ctl({"ledger", "backup", "--ledger", path_, "--to", backup_});
  EXPECT_EQ(backup.code, 0) << backup.err;
  const Ran held = Ctl({"ledger", "restore", "--ledger", path_, "--from", backup_});
  EXPECT_EQ(held.code, 1);
  EXPECT_THAT(held.err, HasSubstr("is in use by process"));
  ASSERT_TRUE(ledger_->Commit(maker_.Next()).ok());
  ledger_.reset();
  const Ran restored = Ctl({"ledger", "restore", "--ledger", path_, "--from", backup_});
  EXPECT_EQ(restored.code, 0) << restored.err;
  RestoredBooks books;
  OpenLedger(LedgerOptions(path_), &books);
  EXPECT_EQ(TextOf(books), maker_.Expected());
}

TEST_F(LedgerProgram, Reports) {
  const Ran table =
      Ctl({"report", "--ledger", path_, "--from", "2026-03-30", "--to", "2026-04-01"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, StartsWith("POOL "));
  const Ran csv = Ctl({"report", "--ledger", path_, "--from", "2026-03-30T20:00:00Z", "--to",
                       "2026-03-31", "--by", "pool,hour", "-o", "csv"});
  EXPECT_EQ(csv.code, 0) << csv.err;
  EXPECT_THAT(csv.out, StartsWith("pool,hour,h100e_hours,"));
  EXPECT_THAT(csv.out, HasSubstr("pool-0,2026-03-30T2"));
}

TEST_F(LedgerProgram, SaysWhatIsWrongWithTheCommandLine) {
  const auto report = [&](const std::string& from, const std::string& by) {
    return Ctl({"report", "--ledger", path_, "--from", from, "--to", "2026-04-01", "--by", by});
  };
  const Ran within = report("2026-03-30T20:30:00Z", "pool");
  EXPECT_EQ(within.code, 2);
  EXPECT_THAT(within.err, HasSubstr("is not a full hour"));
  const Ran key = report("2026-03-30", "pool,colour");
  EXPECT_EQ(key.code, 2);
  EXPECT_THAT(key.err, HasSubstr("\"colour\" is not one of pool, team"));
  EXPECT_EQ(report("2026-03-30", "pool,pool").code, 2);
  EXPECT_EQ(Ctl({"ledger", "verify"}).code, 2);
  const Ran nothing = Ctl({"ledger", "verify", "--ledger", folder_.PathOf("none")});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("No such file"));
}

}  // namespace
}  // namespace fleetmeter
