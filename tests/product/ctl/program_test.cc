// fleetmeterctl's commands against a running fleetmeterd.
#include <signal.h>

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/product/ctl/running_daemon.h"

namespace fleetmeter::ctl {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::chrono::seconds kPatience(60);

class ProgramTest : public testing::Test {
 protected:
  void SetUp() override { daemon_.Start(); }

  Outcome Ctl(std::vector<std::string> arguments) {
    return RunCtl(arguments, {.env = {{"FLEETMETER_ADDRESS", daemon_.query_address()}}});
  }

  RunningDaemon daemon_;
};

TEST_F(ProgramTest, PrintsPoolsWithTheirUse) {
  daemon_.Report(4);
  const Outcome table = Ctl({"pools", "--wide"});
  EXPECT_EQ(table.exit_code, 0) << table.error;
  EXPECT_THAT(table.out,
              HasSubstr("serving  inference  p2    API Serving              8.0       4.0"
                        "   2.0       4.0        25.0%    100.0%"));
  EXPECT_THAT(table.out,
              HasSubstr("batch    research   p2    Forschung Übersee        4.0       0.0"
                        "     -       4.0"));

  const json pools = json::parse(Ctl({"pools", "--output", "json"}).out).at("pools");
  EXPECT_EQ(pools.at(0).at("busy_h100e"), 2.0);
  EXPECT_EQ(pools.at(0).at("chips").at(0).at("assigned_chip_nanos_total"), "40000000000");
  EXPECT_EQ(pools.at(0).at("chips").at(0).at("assigned_chip_seconds"), "40");
  EXPECT_EQ(pools.at(0).at("chips").at(0).at("busy_chip_seconds"), "20");
  EXPECT_EQ(pools.at(1).at("busy_h100e"), nullptr);
}

TEST_F(ProgramTest, TellsWithTheExitCodeWhetherAnAskFits) {
  daemon_.Report(4);
  const Outcome yes = Ctl({"headroom", "serving", "--ask", "4"});
  EXPECT_EQ(yes.exit_code, 0) << yes.error;
  EXPECT_THAT(yes.out, StartsWith("yes: 4 H100e fit"));
  const Outcome no = Ctl({"headroom", "serving", "--ask", "5"});
  EXPECT_EQ(no.exit_code, 3) << no.error;
  EXPECT_THAT(no.out,
              StartsWith("no: serving has 4.0 H100e of headroom, 1.0 too few for 5; 2.0 can "
                         "be borrowed from other pools, which is enough\n"));
  EXPECT_THAT(no.out, HasSubstr("API Serving, #serving"));
  EXPECT_EQ(Ctl({"headroom", "serving"}).exit_code, 0);
}

TEST_F(ProgramTest, DoesNotAdmitWhenNoSourceWasHeard) {
  const Outcome outcome = Ctl({"headroom", "serving", "--ask", "1"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.out, StartsWith("unknown: "));
}

TEST_F(ProgramTest, NamesThePoolsThereAre) {
  const Outcome outcome = Ctl({"headroom", "nonsense"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.error, HasSubstr("expected one of: serving, batch"));
  EXPECT_EQ(Ctl({"headroom", "nonsense", "--watch"}).exit_code, 1);
}

TEST_F(ProgramTest, WatchesHeadroomLineByLineUntilInterrupted) {
  daemon_.Report(4);
  const auto watch = StartCtl({"headroom", "serving", "--watch", "--interval", "100ms", "--address",
                               daemon_.query_address()});
  EXPECT_THAT(watch->ReadLine(kPatience).value_or(""), HasSubstr("  serving  headroom 4.0  "));
  daemon_.Report(6);
  EXPECT_THAT(watch->ReadLine(kPatience).value_or(""), HasSubstr("  serving  headroom 2.0  "));
  watch->Signal(SIGINT);
  EXPECT_EQ(watch->Wait(kPatience), 0) << watch->Stderr();
  EXPECT_EQ(watch->Stderr(), "");
}

TEST_F(ProgramTest, GoesOnWithAWatchWhenTheDaemonIsStartedAnew) {
  const auto watch = StartCtl(
      {"headroom", "serving", "--watch", "--output", "json", "--address", daemon_.query_address()});
  const json line = json::parse(watch->ReadLine(kPatience).value_or("null"));
  EXPECT_EQ(line.at("pool").at("pool"), "serving");
  daemon_.Stop();
  daemon_.Start(2);
  const json again = json::parse(watch->ReadLine(kPatience).value_or("null"));
  EXPECT_EQ(again.at("basis").at("plan_version"), 2) << watch->Stderr();
  watch->Signal(SIGINT);
  EXPECT_EQ(watch->Wait(kPatience), 0);
  std::istringstream told(watch->Stderr());
  std::vector<std::string> messages;
  for (std::string text; std::getline(told, text);) {
    messages.push_back(json::parse(text).at("warning").at("message"));
  }
  ASSERT_EQ(messages.size(), 2u) << "each change is told once";
  EXPECT_THAT(messages[0], HasSubstr(daemon_.query_address()));
  EXPECT_EQ(messages[1], "the daemon answers again");
}

TEST_F(ProgramTest, PoolsFitInto80Columns) {
  daemon_.Report(4);
  const Outcome table = Ctl({"pools"});
  EXPECT_EQ(table.exit_code, 0) << table.error;
  std::istringstream lines(table.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_THAT(table.out, HasSubstr("--wide shows all"));
}

TEST_F(ProgramTest, PrintsTheSupply) {
  daemon_.Report(4);
  const json supply = json::parse(Ctl({"supply", "-o", "json"}).out);
  const json& h100 = supply.at("chips").at("h100");
  EXPECT_EQ(h100.at("provider"), "gcp");
  EXPECT_EQ(h100.at("chips").dump(), "16");
  EXPECT_EQ(h100.at("assigned"), 4);
  EXPECT_EQ(h100.at("unassigned"), 12);
  EXPECT_EQ(h100.at("declared"), 16);
  EXPECT_EQ(supply.at("live_sources"), 1);
  EXPECT_THAT(Ctl({"supply"}).out, HasSubstr("total 16.0 H100e; 1 of 1 sources live; plan small"));
}

TEST_F(ProgramTest, PrintsThePlan) {
  EXPECT_THAT(Ctl({"plan", "show"}).out, HasSubstr("supply 16.0 H100e"));
  const json plan = json::parse(Ctl({"plan", "show", "-o", "json"}).out);
  EXPECT_EQ(plan.at("pools").at(1).at("owner"), "Forschung Übersee");
}

TEST_F(ProgramTest, ChecksAConfigurationAsTheDaemonDoes) {
  const Outcome good = Ctl({"check", daemon_.config_path()});
  EXPECT_EQ(good.exit_code, 0) << good.error;
  EXPECT_THAT(good.out, HasSubstr(": ok: catalog version 1 with 1 chip kinds, 1 plan(s)"));
  const Outcome bad = Ctl({"check", "/nowhere.yaml"});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.error, HasSubstr("/nowhere.yaml"));
}

// Both programs check the configuration; what they say may differ in their names alone.
TEST_F(ProgramTest, ChecksWhatAStartWouldNeed) {
  const TempFolder folder;
  const std::string base = "catalog: catalog.yaml\nplans: [plan.yaml]\n";
  const auto copy = [&](const std::string& name) {
    std::filesystem::copy(std::filesystem::path(daemon_.config_path()).parent_path() / name,
                          folder.PathOf(name));
  };
  copy("catalog.yaml");
  copy("plan.yaml");
  folder.Write("text.db", "no database at all");
  const auto expect = [&](const std::string& more, int code, const std::string& said) {
    const std::string path = folder.Write("daemon.yaml", base + more);
    const Outcome ctl = RunCtl({"check", path});
    const auto daemon =
        ChildProcess::Start({BuiltProgram("fleetmeterd"), "--check-config", "--config", path});
    ASSERT_TRUE(daemon.ok()) << daemon.status();
    EXPECT_EQ((*daemon)->Wait(kPatience), code);
    EXPECT_EQ(ctl.exit_code, code);
    EXPECT_EQ(ctl.out, (*daemon)->Stdout());
    EXPECT_THAT(ctl.error, HasSubstr(said));
    std::string named = ctl.error;
    const std::string name = "fleetmeterctl: ";
    ASSERT_THAT(named, StartsWith(name));
    named.replace(0, name.size(), "fleetmeterd: ");
    EXPECT_EQ(named, (*daemon)->Stderr());
  };
  expect(
      "tls: {trust_domain: example.org, certificate: /nowhere/c.pem, key: /nowhere/k.pem, "
      "client_ca: /nowhere/a.pem}\n"
      "authorization: [{identity: spiffe://example.org/ops, roles: [admin]}]\n",
      1, "/nowhere/");
  expect("ledger: {path: " + folder.PathOf("text.db") + "}\n", 1, "it is no SQLite database");
  expect("ledger: {path: " + folder.PathOf("none/ledger.db") + "}\n", 0, "warning: ledger.path");
  expect("nonsense: 1\n", 1, "daemon.yaml:3: nonsense");
}

TEST_F(ProgramTest, SaysThatTheIngestPortDoesNotAnswerQueries) {
  const Outcome outcome = Ctl({"pools", "--address", daemon_.ingest_address()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("listen.query, not its listen.ingest"));
}

TEST_F(ProgramTest, NamesTheAddressThatCannotBeReached) {
  daemon_.Stop();
  for (const char* command : {"pools", "supply"}) {
    const Outcome outcome = Ctl({command});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.error, StartsWith("fleetmeterctl: cannot reach fleetmeterd at " +
                                          daemon_.query_address() + ": Connection refused; "));
  }
}

TEST(Program, ReportsAWrongCommandLineWithTwo) {
  EXPECT_EQ(RunCtl({"nonsense"}).exit_code, 2);
  EXPECT_EQ(RunCtl({"--help"}).exit_code, 0);
}

TEST(Program, FailsWhenItsOutputCannotBeWritten) {
  RunningDaemon daemon;
  daemon.Start();
  const auto shell = ChildProcess::Start({"/bin/sh", "-c", "exec \"$0\" \"$@\" > /dev/full",
                                          BuiltProgram("fleetmeterctl"), "pools", "--address",
                                          daemon.query_address()});
  ASSERT_TRUE(shell.ok()) << shell.status();
  EXPECT_EQ((*shell)->Wait(kPatience), 1);
  EXPECT_THAT((*shell)->Stderr(), HasSubstr("cannot write to standard output"));
}

}  // namespace
}  // namespace fleetmeter::ctl
