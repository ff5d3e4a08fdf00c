// fleetmeterctl import --correct: late rows, refunds, restated days, runs that grew and scores that
// were measured again, on a real daemon's books.
#include <stdexcept>

#include "daemon/ledger/sqlite/ledger_file.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using testing::HasSubstr;

struct CtlRun {
  int exit_code = -1;
  std::string out;
  std::string error;
};

class CorrectionsTest : public testing::Test {
 protected:
  CorrectionsTest() {
    settings_.more = "ledger: {path: " + files_.PathOf("ledger.db") + "}\n";
    daemon_ = std::make_unique<Daemon>(settings_);
  }

  CtlRun Run(std::vector<std::string> arguments) {
    const std::string group = arguments.front();
    arguments.insert(arguments.begin(), BinaryPath("daemon/fleetmeterctl"));
    if (group == "import") arguments.push_back("--ingest-address=" + daemon_->ingest_address());
    if (group == "outcomes") arguments.push_back("--address=" + daemon_->query_address());
    const auto ctl = ChildProcess::Start(arguments);
    if (!ctl.ok()) throw std::runtime_error(ctl.status().ToString());
    const int code = (*ctl)->Wait(std::chrono::seconds(60)).value_or(-1);
    return {code, (*ctl)->Stdout(), (*ctl)->Stderr()};
  }
  CtlRun Import(const std::string& kind, const std::string& text,
                const std::vector<std::string>& more) {
    files_.Write("file.csv", text);
    std::vector<std::string> command = {"import", kind, files_.PathOf("file.csv"), "--source",
                                        "billing"};
    command.insert(command.end(), more.begin(), more.end());
    return Run(std::move(command));
  }
  nlohmann::json Corrections() {
    const CtlRun said = Run({"outcomes", "corrections", "--output", "json"});
    EXPECT_EQ(said.exit_code, 0) << said.error;
    const auto json = nlohmann::json::parse(said.out);
    return json.value("corrections", nlohmann::json::array());
  }
  int64_t Sum(const std::string& what) {
    const auto ledger = OpenLedgerToRead(files_.PathOf("ledger.db"));
    if (!ledger.ok()) throw std::runtime_error(ledger.status().ToString());
    return (*ledger)->Integer("SELECT coalesce(sum" + what).value();
  }
  // Of the books, by model: requests and micro-dollars.
  std::pair<int64_t, int64_t> Served(const std::string& model) {
    const std::string of = ", 0) FROM inference WHERE model = '" + model + "'";
    return {Sum("(requests)" + of), Sum("(revenue_micro_usd)" + of)};
  }

  const TempFolder files_;
  DaemonSettings settings_;
  std::unique_ptr<Daemon> daemon_;
};

constexpr char kHead[] =
    "start,end,model,customer_tier,requests,input_tokens,output_tokens,revenue_usd\n";

TEST_F(CorrectionsTest, ARollingExportIsANormalCase) {
  const std::string day1 = "2025-03-01,2025-03-02,atlas,pro,10,1000,100,1.00\n";
  const std::string day2 = "2025-03-02,2025-03-03,atlas,pro,20,2000,200,2.00\n";
  const std::string day3 = "2025-03-03,2025-03-04,atlas,pro,30,3000,300,3.00\n";
  ASSERT_EQ(Import("inference", kHead + day1 + day2, {}).exit_code, 0);
  const CtlRun next = Import("inference", kHead + day2 + day3, {});
  EXPECT_EQ(next.exit_code, 0) << next.out << next.error;
  EXPECT_THAT(next.out, HasSubstr("counted now: 1 row in 1 report"));
  EXPECT_THAT(next.out, HasSubstr("unchanged: the books say the same already: 1 row in 1 report"));
  EXPECT_EQ(next.error, "");
  // A day that was restated is not passed over.
  const std::string restated = "2025-03-02,2025-03-03,atlas,pro,25,2500,250,2.50\n";
  const CtlRun told = Import("inference", kHead + restated + day3, {});
  EXPECT_EQ(told.exit_code, 4);
  EXPECT_THAT(told.error, HasSubstr("--correct --reason"));
  EXPECT_EQ(Served("atlas"), std::pair(int64_t{60}, int64_t{6'000'000}));
}

TEST_F(CorrectionsTest, RestatedDaysAreShownAskedForAndBookedOnce) {
  const std::string day1 = "2025-03-01,2025-03-02,atlas,pro,10,1000,100,1.00\n";
  ASSERT_EQ(Import("inference", kHead + day1, {}).exit_code, 0);
  const std::string restated = std::string(kHead) +
                               "2025-03-01,2025-03-02,atlas,pro,12,1200,120,0.75\n"
                               "2025-03-02,2025-03-03,atlas,pro,5,500,50,0.50\n";
  // Nobody can be asked.
  const CtlRun asked = Import("inference", restated, {"--correct", "--reason", "recount"});
  EXPECT_EQ(asked.exit_code, 4);
  EXPECT_THAT(asked.error, HasSubstr("--yes"));
  EXPECT_THAT(asked.out, HasSubstr("-0.25"));
  EXPECT_EQ(Served("atlas").first, 10);
  const std::vector<std::string> book = {"--correct", "--reason", "recount", "--yes"};
  const CtlRun booked = Import("inference", restated, book);
  EXPECT_EQ(booked.exit_code, 0) << booked.error;
  EXPECT_EQ(Served("atlas"), std::pair(int64_t{17}, int64_t{1'250'000}));
  const CtlRun again = Import("inference", restated, book);
  EXPECT_EQ(again.exit_code, 0) << again.error;
  EXPECT_THAT(again.out, HasSubstr("unchanged: the books say the same: 2 rows"));
  EXPECT_EQ(Served("atlas"), std::pair(int64_t{17}, int64_t{1'250'000}));
  const auto corrections = Corrections();
  ASSERT_EQ(corrections.size(), 1U);
  EXPECT_EQ(corrections[0]["reason"], "recount");
  EXPECT_EQ(corrections[0]["identity"], "local");
  EXPECT_EQ(corrections[0]["requests"], 2);
  EXPECT_EQ(corrections[0]["revenue_micro_usd"], -250000);
}

// The days of the books are those of Berlin, and so are those that are compared.
TEST_F(CorrectionsTest, DaysOfATimeZoneAreCorrectedToo) {
  settings_.more += "outcomes: {time_zone: Europe/Berlin}\n";
  daemon_ = nullptr;
  daemon_ = std::make_unique<Daemon>(settings_);
  const std::string header =
      "start,model,customer_tier,requests,input_tokens,output_tokens,revenue_usd\n";
  const std::string days =
      "2025-03-29,atlas,pro,10,1000,100,1.00\n2025-03-30,atlas,pro,7,700,70,0.50\n";
  EXPECT_EQ(Import("inference", header + days, {}).exit_code, 0);
  const std::string restated =
      "2025-03-29,atlas,pro,12,1200,120,1.20\n2025-03-30,atlas,pro,7,700,70,0.50\n"
      "2025-03-31,atlas,pro,1,100,10,0.10\n";
  const std::vector<std::string> correct = {"--correct", "--reason", "restated", "--yes"};
  const CtlRun booked = Import("inference", header + restated, correct);
  EXPECT_EQ(booked.exit_code, 0) << booked.out << booked.error;
  EXPECT_EQ(Served("atlas"), std::pair(int64_t{20}, int64_t{1'800'000}));
  EXPECT_EQ(Import("inference", header + restated, correct).exit_code, 0);
  EXPECT_EQ(Served("atlas"), std::pair(int64_t{20}, int64_t{1'800'000}));
  EXPECT_EQ(Corrections().size(), 1U);
  const CtlRun listed = Run({"outcomes", "corrections"});
  EXPECT_THAT(listed.out, HasSubstr(" 2025-03-29 "));
  EXPECT_THAT(listed.out, HasSubstr("days and times of Europe/Berlin"));
}

// A credit note in a file of its own: what it takes back is no report, only an addition.
TEST_F(CorrectionsTest, AReversalIsAddedOnce) {
  const std::string header =
      "start,end,model,customer_tier,requests,input_tokens,output_tokens,revenue_usd\n";
  const std::string month = "2025-03-01,2025-04-01,nova,pro,";
  EXPECT_EQ(Import("inference", header + month + "1000,5000000,500000,5000.00\n", {}).exit_code, 0);
  const std::string reversal = header + month + "-400,-2000000,-200000,-2000.00\n";
  // It is no account of the month. What to do instead is said, and nothing is booked.
  const CtlRun compared = Import("inference", reversal, {"--correct", "--reason", "x", "--yes"});
  EXPECT_EQ(compared.exit_code, 1) << compared.out;
  EXPECT_THAT(compared.error, HasSubstr("--correct --add --reason"));
  EXPECT_EQ(Served("nova"), std::pair(int64_t{1'000}, int64_t{5'000'000'000}));
  const std::vector<std::string> add = {"--correct", "--add", "--reason", "credit note", "--yes"};
  for (int time = 0; time < 2; ++time) {
    const CtlRun added = Import("inference", reversal, add);
    EXPECT_EQ(added.exit_code, 0) << added.out << added.error;
    EXPECT_EQ(Served("nova"), std::pair(int64_t{600}, int64_t{3'000'000'000}));
  }
  EXPECT_EQ(Corrections().size(), 1U);
}

// A row of 23:58:30 is written to the log of the next day.
TEST_F(CorrectionsTest, LateRowsAreAddedOnce) {
  const std::string head =
      "start,model,customer_tier,requests,input_tokens,output_tokens,revenue_usd\n";
  const std::string day1 = head +
                           "2025-03-02 22:10:00,atlas,pro,1,1000,100,0.01\n"
                           "2025-03-02 23:20:00,atlas,pro,1,1000,100,0.01\n"
                           "2025-03-02 23:50:00,atlas,pro,1,1000,100,0.01\n";
  const std::string day2 = head +
                           "2025-03-02 23:58:30,atlas,pro,1,50000,9000,0.75\n"
                           "2025-03-03 00:10:00,atlas,pro,1,1000,100,0.01\n"
                           "2025-03-03 01:10:00,atlas,pro,1,1000,100,0.01\n";
  ASSERT_EQ(Import("inference", day1, {"--every", "1h"}).exit_code, 0);
  const CtlRun shown =
      Import("inference", day2, {"--every", "1h", "--correct", "--add", "--dry-run"});
  EXPECT_EQ(shown.exit_code, 0) << shown.error;
  EXPECT_THAT(shown.out, HasSubstr("added to it, once: 1 row in 1 report (line 2)"));
  EXPECT_THAT(shown.out, HasSubstr("do not have: 2 rows in 2 reports (lines 3-4)"));
  const CtlRun told = Import("inference", day2, {"--every", "1h"});
  EXPECT_EQ(told.exit_code, 4);
  EXPECT_THAT(told.error, HasSubstr("--correct --add --reason"));
  EXPECT_THAT(told.error, HasSubstr("line 2: "));
  EXPECT_THAT(told.error, testing::Not(HasSubstr("run the same command again. It sends")));
  const std::vector<std::string> add = {"--every",  "1h",        "--correct", "--add",
                                        "--reason", "late rows", "--yes"};
  for (int time = 0; time < 2; ++time) {
    const CtlRun added = Import("inference", day2, add);
    EXPECT_EQ(added.exit_code, 0) << added.out << added.error;
    EXPECT_EQ(Served("atlas"), std::pair(int64_t{6}, int64_t{800'000}));
  }
  EXPECT_EQ(Corrections().size(), 1U);
}

TEST_F(CorrectionsTest, RefundsAndReversalsAddUp) {
  const CtlRun invoices = Import("inference",
                                 std::string(kHead) +
                                     "2025-01-01,2025-02-01,atlas,e,1000,5000000,500000,5000.00\n"
                                     "2025-02-01,2025-03-01,atlas,e,1100,5000000,500000,5500.00\n"
                                     "2025-02-01,2025-03-01,atlas,e,0,0,0,-700.00\n"
                                     "2025-03-01,2025-04-01,atlas,e,0,0,0,-6000.00\n"
                                     "2025-04-01,2025-05-01,nova,e,1000,5000000,500000,5000.00\n"
                                     "2025-04-01,2025-05-01,nova,e,-400,-2000000,-200000,-2000.00\n"
                                     "2025-04-01,2025-05-01,nova,e,0,0,0,\"(150.00)\"\n",
                                 {});
  EXPECT_EQ(invoices.exit_code, 0) << invoices.error;
  EXPECT_EQ(Served("atlas"), std::pair(int64_t{2'100}, int64_t{3'800'000'000}));
  EXPECT_EQ(Served("nova"), std::pair(int64_t{600}, int64_t{2'850'000'000}));
  const CtlRun verified = Run({"ledger", "verify", "--ledger", files_.PathOf("ledger.db")});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.error;
}

TEST_F(CorrectionsTest, ARunThatGrewIsBookedAsAWhole) {
  const std::string head = "model,family,run,phase,start,end,h100e_hours\n";
  ASSERT_EQ(Import("training", head + "m1,m,big,pre,2025-10-01,2025-10-08,1000\n", {}).exit_code,
            0);
  const CtlRun grown = Import("training", head + "m1,m,big,pre,2025-10-01,2025-10-15,2000\n",
                              {"--correct", "--reason", "the run went on", "--yes"});
  EXPECT_EQ(grown.exit_code, 0) << grown.out << grown.error;
  EXPECT_EQ(Sum("(h100e_seconds), 0) FROM training"), 2'000 * 3'600);
  const CtlRun again = Import("training", head + "m1,m,big,pre,2025-10-01,2025-10-15,2000\n", {});
  EXPECT_EQ(again.exit_code, 0) << again.out << again.error;
  EXPECT_THAT(again.out, HasSubstr("unchanged: the books say the same already"));
}

TEST_F(CorrectionsTest, ACorrectionTakesAReason) {
  const CtlRun silent =
      Run({"import", "inference", files_.PathOf("none.csv"), "--correct", "--source", "y"});
  EXPECT_EQ(silent.exit_code, 2);
  EXPECT_THAT(silent.error, HasSubstr("--reason"));
}

}  // namespace
}  // namespace fleetmeter::e2e
