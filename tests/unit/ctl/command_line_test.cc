#include "daemon/ctl/command_line.h"

#include <set>

#include "daemon/ctl/command_groups.h"
#include "gmock/gmock.h"
#include "tests/unit/ctl/command_line_testing.h"
#include "tests/unit/ctl/fake_daemon.h"

namespace fleetmeter::ctl {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(CommandLineTest, HasDefaults) {
  ASSERT_EQ(Parse({"pools"}), std::nullopt);
  EXPECT_EQ(path(), Path({"pools"}));
  EXPECT_EQ(called_address(), "127.0.0.1:7444");
  EXPECT_EQ(line_->connection().timeout, 5s);
  FakeDaemon daemon;
  EXPECT_EQ(Call({"pools", "--address", daemon.address()}), kExitOk);
  EXPECT_THAT(out_, StartsWith("POOL "));
}

TEST_F(CommandLineTest, TakesGlobalOptionsBeforeAndAfterTheCommand) {
  ASSERT_EQ(Parse({"--timeout", "250ms", "plan", "show", "--address", "a:1", "-o", "json"}),
            std::nullopt);
  EXPECT_EQ(path(), Path({"plan", "show"}));
  EXPECT_EQ(line_->connection().timeout, 250ms);
  EXPECT_EQ(called_address(), "a:1");
  FakeDaemon daemon;
  EXPECT_EQ(Call({"--timeout", "60s", "plan", "show", "--address", daemon.address(), "-o", "json"}),
            kExitOk);
  EXPECT_THAT(out_, StartsWith("{"));
}

TEST_F(CommandLineTest, PrefersTheFlagToTheEnvironment) {
  setenv("FLEETMETER_ADDRESS", "env:1", 1);
  ASSERT_EQ(Parse({"supply"}), std::nullopt);
  EXPECT_EQ(called_address(), "env:1");
  ASSERT_EQ(Parse({"supply", "--address", "flag:2"}), std::nullopt);
  EXPECT_EQ(called_address(), "flag:2");
  unsetenv("FLEETMETER_ADDRESS");
}

TEST_F(CommandLineTest, TakesTheAddressOfTheListenerThatACommandCalls) {
  ASSERT_EQ(Parse({"admin", "reload"}), std::nullopt);
  EXPECT_EQ(called_address(), "127.0.0.1:7445");
  ASSERT_EQ(Parse({"admin", "--admin-address", "a:1", "reload"}), std::nullopt);
  EXPECT_EQ(called_address(), "a:1");
  ASSERT_EQ(Parse({"import", "usage", "f.csv", "--ingest-address", "a:2"}), std::nullopt);
  EXPECT_EQ(called_address(), "a:2");
  ASSERT_EQ(Parse({"import", "usage", "f.csv", "--dry-run"}), std::nullopt);
  EXPECT_EQ(called_address(), std::nullopt);
}

TEST_F(CommandLineTest, ChecksTlsFlagsAgainstTheDaemonThatIsCalled) {
  EXPECT_EQ(Call({"pools", "--address", "meter.example:7444"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("\"meter.example:7444\" is beyond loopback; expected --tls-ca"));
  EXPECT_EQ(Call({"admin", "reload", "--admin-address", "meter.example:7445"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("meter.example:7445"));
  const std::string plan = Shipped("deploy/plans/framework.yaml");
  EXPECT_EQ(Call({"plan", "show", "--plan", plan, "--address", "meter.example:7444"}), kExitOk);
}

TEST_F(CommandLineTest, RefusesWrongCommandLines) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"nonsense"},
      {"pools", "--nonsense"},
      {"pools", "--output", "xml"},
      {"pools", "--address", "no-port"},
      {"pools", "--address", "host:99999"},
      {"pools", "--timeout", "5"},
      {"pools", "--timeout", "0s"},
      {"headroom"},
      {"headroom", "a", "b"},
      {"headroom", "a", "--ask", "0"},
      {"headroom", "a", "--ask", "nan"},
      {"headroom", "a", "--ask", "inf"},
      {"headroom", "a", "--ask", "many"},
      {"headroom", "a", "--watch", "--interval", "1ms"},
      {"plan"},
      {"check"},
  };
  for (const auto& arguments : wrong) {
    EXPECT_EQ(Parse(arguments), kExitUsage) << testing::PrintToString(arguments);
    EXPECT_NE(error_, "");
    EXPECT_EQ(out_, "");
  }
}

TEST_F(CommandLineTest, NamesTheOptionThatIsWrong) {
  Parse({"pools", "--timeout", "5"});
  EXPECT_THAT(error_, HasSubstr("--timeout: '5' is not a duration"));
  Parse({"pools", "--address", "no-port"});
  EXPECT_THAT(error_, HasSubstr("'no-port' is not an address; expected host:port"));
}

TEST_F(CommandLineTest, SaysWhereAnOptionThatStandsBeforeItsCommandBelongs) {
  for (const std::string option : {"--output", "-o"}) {
    Parse({option, "csv", "pools"});
    EXPECT_EQ(error_, "\"" + option +
                          "\" belongs behind fleetmeterctl pools, whose option it is\n"
                          "Run with --help for more information.\n");
  }
}

TEST_F(CommandLineTest, SaysInSentencesWhatIsWrongWithAValue) {
  Parse({"headroom", "a", "--ask"});
  EXPECT_THAT(error_, StartsWith("--ask takes H100E, and it is missing\n"));
  Parse({"headroom", "a", "--ask", "lots"});
  EXPECT_THAT(error_, StartsWith("--ask: \"lots\" is not a number that it takes\n"));
  Parse({"pools", "--output", "csv", "--output", "csv"});
  EXPECT_THAT(error_, StartsWith("--output is given 2 times; expected it once\n"));
  Parse({"pools", "extra"});
  EXPECT_THAT(error_, StartsWith("\"extra\" is a word too many for fleetmeterctl pools\n"));
}

TEST_F(CommandLineTest, ListsEachOptionOnce) {
  Parse({"pools", "--nothing-near"});
  EXPECT_THAT(error_, HasSubstr("expected one of: --help, "));
  EXPECT_EQ(error_.find("--help,"), error_.rfind("--help,"));
}

TEST_F(CommandLineTest, HelpsWithExamplesAndExitCodes) {
  EXPECT_EQ(Parse({"--help"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("Examples:"));
  EXPECT_THAT(out_, HasSubstr("FLEETMETER_ADDRESS"));
  EXPECT_EQ(Parse({"headroom", "--help"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("Exit code"));
  EXPECT_EQ(Parse({"--version"}), kExitOk);
  EXPECT_THAT(out_, StartsWith("fleetmeterctl "));
}

TEST_F(CommandLineTest, HelpsWithEveryCommandOfTheList) {
  const CommandLine all;
  ASSERT_GE(all.commands().size(), 21u);
  std::set<Path> paths;
  for (const auto& command : all.commands()) {
    EXPECT_TRUE(paths.insert(command->path()).second);
    EXPECT_NE(command->help(), "");
    Path arguments = command->path();
    arguments.push_back("--help");
    EXPECT_EQ(Parse(arguments), kExitOk);
    EXPECT_THAT(out_, HasSubstr("Usage: fleetmeterctl " + command->path().front()));
    EXPECT_THAT(out_, HasSubstr("-h,--help"));
  }
}

TEST_F(CommandLineTest, HelpsWithAnExampleOfEachCommand) {
  const CommandLine all;
  for (const auto& command : all.commands()) {
    const Path& words = command->path();
    Path arguments = words;
    arguments.push_back("--help");
    EXPECT_EQ(Parse(arguments), kExitOk);
    std::string example = "\n  fleetmeterctl";
    for (const std::string& word : words) example += " " + word;
    EXPECT_THAT(out_, HasSubstr(example));
  }
}

TEST_F(CommandLineTest, HelpsWithExamplesOfEachGroup) {
  for (const std::string group : {"plan", "admin", "export", "outcomes", "import", "ledger"}) {
    EXPECT_EQ(Parse({group, "--help"}), kExitOk);
    EXPECT_THAT(out_, HasSubstr("Examples:\n  fleetmeterctl " + group + " "));
  }
}

TEST_F(CommandLineTest, NamesTheNearestCommandOrOption) {
  EXPECT_EQ(Parse({"pool"}), kExitUsage);
  EXPECT_EQ(error_,
            "\"pool\" is not a command of fleetmeterctl. Did you mean pools?\n"
            "Run with --help for more information.\n");
  EXPECT_EQ(Parse({"plan", "shwo"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("\"shwo\" is not a command of fleetmeterctl plan. "
                                "Did you mean show?"));
  EXPECT_EQ(Parse({"pools", "--outptu=json"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("\"--outptu\" is not an option of fleetmeterctl pools. "
                                "Did you mean --output?"));
  EXPECT_EQ(Parse({"plan", "show", "--adress", "a:1"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("Did you mean --address?"));
  EXPECT_EQ(Parse({"--timeot", "5s", "pools"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("Did you mean --timeout?"));
  EXPECT_EQ(Parse({"headroom", "--aks", "5"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("Did you mean --ask?"));
}

TEST_F(CommandLineTest, ListsWhatThereIsWhenNothingIsNear) {
  EXPECT_EQ(Parse({"nonsense"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("\"nonsense\" is not a command of fleetmeterctl; expected one of: "
                                "pools, headroom, "));
  EXPECT_EQ(Parse({"pools", "--nonsense"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("\"--nonsense\" is not an option of fleetmeterctl pools; expected "
                                "one of: --help, --wide, --output, "));
}

TEST_F(CommandLineTest, ComplainsOfAWrongValueBeforeAMissingCommand) {
  EXPECT_EQ(Parse({"--timeout", "5"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--timeout: '5' is not a duration"));
}

TEST_F(CommandLineTest, ACommandBelowAnotherNeedsNoneOfItsFlags) {
  EXPECT_EQ(Parse({"report", "allocation", "--since", "7d"}), std::nullopt);
  EXPECT_EQ(path(), (Path{"report", "allocation"}));
  EXPECT_EQ(Parse({"report"}), kExitUsage);
  EXPECT_THAT(error_, StartsWith("--ledger is required"));
  EXPECT_EQ(Parse({"report", "allocatoin"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("Did you mean allocation?"));
  EXPECT_EQ(Parse({"report", "allocation", "--since", "-7d"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("is neither a time nor a duration"));
}

TEST_F(CommandLineTest, AsksAGroupForItsCommand) {
  EXPECT_EQ(Parse({"plan"}), kExitUsage);
  EXPECT_THAT(error_, StartsWith("fleetmeterctl plan takes a command; expected one of: show, "
                                 "compile, diff\n"));
  EXPECT_EQ(Parse({"import", "--help"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr(FindGroup("import")->help));
  EXPECT_THAT(out_, HasSubstr("--ingest-address"));
  EXPECT_EQ(FindGroup("nonsense"), nullptr);
}

}  // namespace
}  // namespace fleetmeter::ctl
