// plan show, plan compile, plan diff, sensitivity.
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/support/temp_folder.h"
#include "tests/unit/ctl/command_line_testing.h"

namespace fleetmeter::ctl {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

class FrameworkCommandsTest : public CommandLineTest {
 protected:
  std::string Written() const {
    std::ostringstream text;
    text << std::ifstream(written_).rdbuf();
    return text.str();
  }

  const std::string framework_ = Shipped("deploy/plans/framework.yaml");
  const std::string plan_ = Shipped("deploy/plans/example.yaml");
  const std::string catalog_ = Shipped("deploy/catalog/default.yaml");
  const TempFolder folder_;
  const std::string written_ = folder_.PathOf("plan.yaml");
};

TEST_F(FrameworkCommandsTest, ShowsTheDaemonsPlanUnlessAFileIsNamed) {
  ASSERT_EQ(Parse({"plan", "show"}), std::nullopt);
  EXPECT_EQ(path(), Path({"plan", "show"}));
  EXPECT_EQ(called_address(), "127.0.0.1:7444");
  ASSERT_EQ(Parse({"plan", "show", "--plan", "f.yaml"}), std::nullopt);
  EXPECT_EQ(called_address(), std::nullopt);
}

TEST_F(FrameworkCommandsTest, ShowsAFrameworkUnderWhatIsSet) {
  ASSERT_EQ(Call({"plan", "show", "--plan", framework_, "--set", "hours_per_year=8000", "--set",
                  "tiers={p0: 10%, buffer: 20%}", "--scenario", "revenue-priority", "-o", "json"}),
            kExitOk)
      << error_;
  const json shown = json::parse(out_);
  EXPECT_EQ(shown.at("basis").at("overrides"),
            json({"hours_per_year=8000", "tiers={p0: 10%, buffer: 20%}"}));
  ASSERT_EQ(shown.at("scenarios").size(), 1u);
  EXPECT_THAT(shown.dump(), HasSubstr("revenue-priority"));
}

TEST_F(FrameworkCommandsTest, ShowsAPlanByACatalog) {
  ASSERT_EQ(Call({"plan", "show", "--plan", plan_, "--catalog", catalog_, "-o", "csv"}), kExitOk)
      << error_;
  EXPECT_THAT(out_, StartsWith("kind,"));
  EXPECT_EQ(Call({"plan", "show", "--plan", plan_}), kExitError);
  EXPECT_THAT(error_, HasSubstr("expected --catalog FILE"));
  EXPECT_EQ(Call({"plan", "show", "--plan", plan_, "--catalog", catalog_, "--scenario", "s"}),
            kExitError);
  EXPECT_THAT(error_, HasSubstr("--set and --scenario expect a framework"));
}

TEST_F(FrameworkCommandsTest, CompilesAScenarioToAPlan) {
  const std::vector<std::string> compile = {
      "plan",      "compile", "--plan",           framework_,   "--scenario", "recommendation",
      "--name",    "q2",      "--version",        "4294967295", "--to",       written_,
      "--catalog", catalog_,  "--effective-from", "2026-04-01", "--set",      "tiers.buffer=20%"};
  ASSERT_EQ(Call(compile), kExitOk) << error_;
  EXPECT_EQ(path(), Path({"plan", "compile"}));
  EXPECT_THAT(out_, HasSubstr("plan q2 version 4294967295"));
  EXPECT_THAT(Written(), HasSubstr("# With tiers.buffer=20%"));
  EXPECT_THAT(Written(), HasSubstr("catalog " + catalog_));
  EXPECT_THAT(Written(), HasSubstr("effective_from: 2026-04-01"));
}

TEST_F(FrameworkCommandsTest, ReplacesAFileByForceOnly) {
  folder_.Write("plan.yaml", "mine");
  std::vector<std::string> compile = {"plan",       "compile",        "--plan", framework_,
                                      "--scenario", "recommendation", "--to",   written_};
  EXPECT_EQ(Call(compile), kExitError);
  EXPECT_EQ(Written(), "mine");
  compile.push_back("--force");
  EXPECT_EQ(Call(compile), kExitOk) << error_;
  EXPECT_THAT(Written(), HasSubstr("scenario recommendation"));
}

TEST_F(FrameworkCommandsTest, ComparesTwoPlans) {
  const std::string scenario = framework_ + "#revenue-priority";
  ASSERT_EQ(Call({"plan", "diff", plan_, scenario, "--catalog", catalog_, "-o", "json"}), kExitOk)
      << error_;
  EXPECT_EQ(path(), Path({"plan", "diff"}));
  const json diff = json::parse(out_);
  EXPECT_EQ(diff.at("a").at("source"), plan_);
  EXPECT_EQ(diff.at("b").at("source"), scenario);
}

TEST_F(FrameworkCommandsTest, RefusesWrongCommandLines) {
  const std::vector<std::vector<std::string>> wrong = {
      {"plan", "show", "--set", "a=1"},
      {"plan", "show", "--scenario", "s"},
      {"plan", "show", "--catalog", "c.yaml"},
      {"plan", "show", "--plan", "f.yaml", "--set", "growth"},
      {"plan", "show", "--plan", "f.yaml", "--set", "=3"},
      {"plan", "compile", "--plan", "f.yaml"},
      {"plan", "compile", "--scenario", "s"},
      {"plan", "compile", "--plan", "f", "--scenario", "s", "--version", "0"},
      {"plan", "compile", "--plan", "f", "--scenario", "s", "--version", "4294967296"},
      {"plan", "compile", "--plan", "f", "--scenario", "s", "--name", "a b"},
      {"plan", "compile", "--plan", "f", "--scenario", "s", "--effective-from", "tomorrow"},
      {"plan", "compile", "--plan", "f", "--scenario", "s", "--force"},
      {"plan", "compile", "--plan", "f", "--scenario", "s", "--output", "csv"},
      {"plan", "diff"},
      {"plan", "diff", "a"},
      {"plan", "diff", "a", "b", "c"},
  };
  for (const auto& arguments : wrong) {
    EXPECT_EQ(Parse(arguments), kExitUsage) << testing::PrintToString(arguments);
    EXPECT_NE(error_, "");
    EXPECT_EQ(out_, "");
  }
}

TEST_F(FrameworkCommandsTest, HelpsWithExamples) {
  const std::vector<std::vector<std::string>> commands = {
      {"plan", "show"}, {"plan", "compile"}, {"plan", "diff"}, {"simulate"}, {"sensitivity"}};
  for (auto command : commands) {
    command.push_back("--help");
    EXPECT_EQ(Parse(command), kExitOk);
    EXPECT_THAT(out_, HasSubstr("Examples:\n  fleetmeterctl "));
    EXPECT_THAT(out_, HasSubstr("deploy/plans/framework.yaml"));
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
