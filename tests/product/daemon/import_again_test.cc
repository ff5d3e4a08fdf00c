// fleetmeterctl import, run again: what was rejected comes again, and nothing that is missing looks
// as if it were there.
#include <csignal>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using testing::HasSubstr;

struct Ran {
  int exit_code = -1;
  std::string out;
  std::string error;
};

class ImportAgainTest : public testing::Test {
 protected:
  ImportAgainTest() {
    settings_.more = "ledger: {path: " + files_.PathOf("ledger.db") + "}\n";
    daemon_ = std::make_unique<Daemon>(settings_);
  }

  Ran Import(const std::string& kind, const std::string& file, std::vector<std::string> more = {}) {
    std::vector<std::string> command = {BinaryPath("daemon/fleetmeterctl"), "import", kind,
                                        files_.PathOf(file)};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back("--ingest-address=" + daemon_->ingest_address());
    const auto ctl = ChildProcess::Start(command);
    if (!ctl.ok()) throw std::runtime_error(ctl.status().ToString());
    const int code = (*ctl)->Wait(std::chrono::seconds(60)).value_or(-1);
    return {code, (*ctl)->Stdout(), (*ctl)->Stderr()};
  }
  void TakePlan(const std::string& plan) {
    daemon_->files().Write("plan.yaml", plan);
    daemon_->process().Signal(SIGHUP);
    ASSERT_TRUE(Eventually(
        [&] { return daemon_->ScrapeMetrics().Has("fleetmeter_plan_info", {{"version", "2"}}); }));
  }

  const TempFolder files_;
  DaemonSettings settings_;
  std::unique_ptr<Daemon> daemon_;
};

constexpr char kUsage[] =
    "start,end,chip,pool,team,chip_hours\n"
    "2025-02-01,2025-02-02,h100,serving,chat,48\n"
    "2025-02-02,2025-02-03,h100,training-2,pretrain,48\n"
    "2025-02-03,2025-02-04,h100,training-2,pretrain,24\n"
    "2025-02-04,2025-02-05,h100,serving,chat,48\n";

std::string PlanWithTheOtherPool() {
  return Replaced(Replaced(kPlan, "version: 1", "version: 2"), "name: training",
                  "name: training-2");
}

TEST_F(ImportAgainTest, WhatWasRejectedNeverLooksDone) {
  files_.Write("usage.csv", kUsage);
  const Ran first = Import("usage", "usage.csv");
  EXPECT_EQ(first.exit_code, 4) << first.error;
  EXPECT_THAT(first.error, HasSubstr("these lines stay out of the books: 3-4. "));
  const Ran again = Import("usage", "usage.csv");
  EXPECT_EQ(again.exit_code, 4) << again.out;
  EXPECT_THAT(again.error, HasSubstr("unknown_pool: groups[0].pool"));
  EXPECT_THAT(again.error, HasSubstr("these lines stay out of the books: 3-4. "));
  EXPECT_THAT(again.out, HasSubstr("since the daemon rejected it: 2 rows in 2 reports"));
  EXPECT_THAT(again.out, HasSubstr("counted now: 0 rows in 0 reports"));
}

TEST_F(ImportAgainTest, WhatWasRejectedIsCountedOnceItsCauseIsGone) {
  files_.Write("usage.csv", kUsage);
  ASSERT_EQ(Import("usage", "usage.csv").exit_code, 4);
  ASSERT_EQ(Import("usage", "usage.csv").exit_code, 4);
  daemon_->Kill();  // and the books remember what was rejected
  daemon_ = std::make_unique<Daemon>(settings_);
  TakePlan(PlanWithTheOtherPool());
  const Ran mended = Import("usage", "usage.csv");
  EXPECT_EQ(mended.exit_code, 0) << mended.error;
  EXPECT_THAT(mended.out, HasSubstr("counted now: 2 rows in 2 reports"));
  EXPECT_THAT(mended.out, HasSubstr("by an earlier import of this file: 2 rows in 2 reports"));
  const Ran done = Import("usage", "usage.csv");
  EXPECT_EQ(done.exit_code, 0) << done.error;
  EXPECT_THAT(done.out, HasSubstr("by an earlier import of this file: 4 rows in 4 reports"));
}

// Two exports of one history, the later one with a day more.
std::string Requests(int days) {
  std::string text = "start,end,model,requests,input_tokens,output_tokens,revenue_usd\n";
  for (int day = 1; day <= days; ++day) {
    text += "2025-02-0" + std::to_string(day) + ",2025-02-0" + std::to_string(day + 1) +
            ",atlas,10000,5000000,500000,600.00\n";
  }
  return text;
}

TEST_F(ImportAgainTest, AsksForTheSourceOfAnOverlappingExport) {
  files_.Write("export-1.csv", Requests(2));
  files_.Write("export-2.csv", Requests(3));
  ASSERT_EQ(Import("inference", "export-1.csv").exit_code, 0);
  const Ran refused = Import("inference", "export-2.csv");
  EXPECT_EQ(refused.exit_code, 4) << refused.out;
  EXPECT_THAT(refused.error, HasSubstr("source 'export-1' has booked the same kind of history "
                                       "from 2025-02-01"));
  EXPECT_THAT(refused.error, HasSubstr("give --source 'export-1'"));
  EXPECT_THAT(refused.out, HasSubstr("not sent: 3 rows in 3 reports"));

  const Ran grown = Import("inference", "export-2.csv", {"--source", "export-1"});
  EXPECT_EQ(grown.exit_code, 0) << grown.error;
  EXPECT_THAT(grown.out, HasSubstr("counted now: 1 row in 1 report"));
  EXPECT_THAT(grown.out, HasSubstr("the books say the same already: 2 rows in 2 reports"));
  const Ran another = Import("inference", "export-2.csv", {"--source", "another"});
  EXPECT_EQ(another.exit_code, 0) << another.error;
  EXPECT_THAT(another.out, HasSubstr("counted now: 3 rows in 3 reports"));
}

TEST_F(ImportAgainTest, AsksForTheSourceOfOverlappingUsageToo) {
  files_.Write("usage-1.csv", kUsage);
  files_.Write("usage-2.csv", std::string(kUsage) + "2025-02-05,2025-02-06,h100,serving,chat,48\n");
  ASSERT_EQ(Import("usage", "usage-1.csv").exit_code, 4);
  const Ran refused = Import("usage", "usage-2.csv");
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.out, HasSubstr("counted now: 0 rows in 0 reports"));
  EXPECT_THAT(refused.error, HasSubstr("source 'usage-1' has booked"));
}

TEST_F(ImportAgainTest, GoesOnWithACopyUnderAnotherName) {
  files_.Write("export.csv", Requests(2));
  files_.Write("export (1).csv", Requests(2));
  ASSERT_EQ(Import("inference", "export.csv").exit_code, 0);
  const Ran copy = Import("inference", "export (1).csv");
  EXPECT_EQ(copy.exit_code, 0) << copy.error;
  EXPECT_THAT(copy.out, HasSubstr("by an earlier import of this file: 2 rows in 2 reports"));
}

}  // namespace
}  // namespace fleetmeter::e2e
