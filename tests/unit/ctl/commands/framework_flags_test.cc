#include "daemon/ctl/commands/framework_flags.h"

#include <optional>
#include <string>
#include <vector>

#include "daemon/ctl/commands/flags.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FrameworkFlagsTest : public testing::Test {
 protected:
  FrameworkFlagsTest() { unsetenv("FLEETMETER_ADDRESS"); }

  std::optional<int> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "fleetmeterctl");
    flags_ = {};
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const auto exit_code =
        ParseFlags(static_cast<int>(arguments.size()), arguments.data(), &flags_);
    out_ = testing::internal::GetCapturedStdout();
    error_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }
  const FrameworkFlags& framework() const { return flags_.framework; }
  const v1::SimulateRequest& request() const { return flags_.framework.request; }

  Flags flags_;
  std::string out_;
  std::string error_;
};

TEST_F(FrameworkFlagsTest, ShowsTheDaemonsPlanUnlessAFileIsNamed) {
  ASSERT_EQ(Parse({"plan", "show"}), std::nullopt);
  EXPECT_EQ(flags_.command, Command::kPlanShow);
  EXPECT_EQ(framework().plan, "");
  ASSERT_EQ(Parse({"plan", "show", "--plan", "f.yaml", "--set", "a=1", "--set", "b={c: 2}",
                   "--scenario", "s", "--catalog", "c.yaml", "-o", "csv"}),
            std::nullopt);
  EXPECT_EQ(framework().plan, "f.yaml");
  EXPECT_THAT(framework().set, ElementsAre("a=1", "b={c: 2}"));
  EXPECT_EQ(framework().scenario, "s");
  EXPECT_EQ(framework().catalog, "c.yaml");
  EXPECT_EQ(flags_.output, OutputFormat::kCsv);
}

TEST_F(FrameworkFlagsTest, CompilesAScenarioToAPlan) {
  ASSERT_EQ(
      Parse({"plan", "compile", "--plan", "f.yaml", "--scenario", "s", "--name", "q2", "--version",
             "4294967295", "--effective-from", "2026-04-01", "--to", "p.yaml", "--force"}),
      std::nullopt);
  EXPECT_EQ(flags_.command, Command::kPlanCompile);
  EXPECT_EQ(framework().name, "q2");
  EXPECT_EQ(framework().version, 4'294'967'295);
  EXPECT_EQ(framework().effective_from, "2026-04-01");
  EXPECT_EQ(framework().to, "p.yaml");
  EXPECT_TRUE(framework().force);
}

TEST_F(FrameworkFlagsTest, ComparesTwoPlans) {
  ASSERT_EQ(Parse({"plan", "diff", "a.yaml", "f.yaml#s", "--catalog", "c.yaml"}), std::nullopt);
  EXPECT_EQ(flags_.command, Command::kPlanDiff);
  EXPECT_EQ(framework().left, "a.yaml");
  EXPECT_EQ(framework().right, "f.yaml#s");
}

TEST_F(FrameworkFlagsTest, MakesARequestOfWhatIsToChange) {
  ASSERT_EQ(Parse({"simulate",      "--plan",    "f.yaml",       "--scenario",    "s",
                   "--utilization", "60",        "--curve",      "diminishing",   "--revenue",
                   "25B",           "--share",   "research=70%", "--share",       "training=0.05",
                   "--hold",        "inference", "--mode",       "free-capacity", "--rest",
                   "proportional",  "--set",     "tiers.p0=5%"}),
            std::nullopt);
  EXPECT_EQ(flags_.command, Command::kSimulate);
  EXPECT_FALSE(framework().from_live);
  EXPECT_EQ(framework().scenario, "s");
  EXPECT_THAT(framework().set, ElementsAre("tiers.p0=5%"));
  EXPECT_EQ(request().utilization_ratio(), 0.6);
  EXPECT_EQ(request().curve(), "diminishing");
  EXPECT_EQ(request().revenue_usd(), 25e9);
  EXPECT_EQ(request().share_ratios().at("research"), 0.7);
  EXPECT_EQ(request().share_ratios().at("training"), 0.05);
  EXPECT_THAT(request().hold(), ElementsAre("inference"));
  EXPECT_EQ(request().mode(), "free-capacity");
  EXPECT_EQ(request().rest(), "proportional");
}

TEST_F(FrameworkFlagsTest, ChangesNothingUnlessAsked) {
  ASSERT_EQ(Parse({"simulate", "--plan", "f.yaml"}), std::nullopt);
  EXPECT_EQ(request().ByteSizeLong(), 0u);
}

TEST_F(FrameworkFlagsTest, StartsFromTheDaemonOfAnAddressOrOfTheUsualOne) {
  ASSERT_EQ(Parse({"simulate", "--from-live", "meter:7444", "--utilization", "60%"}), std::nullopt);
  EXPECT_TRUE(framework().from_live);
  EXPECT_EQ(flags_.address, "meter:7444");
  ASSERT_EQ(Parse({"--address", "other:1", "simulate", "--from-live", "--utilization", "60%"}),
            std::nullopt);
  EXPECT_TRUE(framework().from_live);
  EXPECT_EQ(flags_.address, "other:1");
}

TEST_F(FrameworkFlagsTest, ReadsUtilizationAsPercentOrRatio) {
  for (const char* text : {"60", "60%", "0.6", "60.0", "6e1"}) {
    EXPECT_DOUBLE_EQ(ParseUtilization(text).value_or(-1), 0.6) << text;
  }
  EXPECT_EQ(ParseUtilization("0").value_or(-1), 0);
  EXPECT_EQ(ParseUtilization("1%").value_or(-1), 0.01);
  EXPECT_EQ(ParseUtilization("100").value_or(-1), 1);
  EXPECT_EQ(ParseUtilization("100%").value_or(-1), 1);
  EXPECT_EQ(ParseUtilization("1.5").value_or(-1), 0.015);
  for (const char* text : {"", "%", "-1", "-5%", "101", "100.1%", "sixty", "nan", "inf", "60 %"}) {
    EXPECT_FALSE(ParseUtilization(text).ok()) << text;
  }
}

TEST_F(FrameworkFlagsTest, SaysWhatToWriteForAUtilizationOfOne) {
  for (const char* text : {"1", "1.0"}) {
    EXPECT_EQ(Parse({"simulate", "--plan", "f.yaml", "--utilization", text}), kExitUsage);
    EXPECT_THAT(error_, HasSubstr("may be a percent or all of it; expected 1% or 100%"));
  }
}

TEST_F(FrameworkFlagsTest, SaysThatSimulatingNeedsAStart) {
  EXPECT_EQ(Parse({"simulate", "--utilization", "60"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("expected --plan FILE, or --from-live"));
  EXPECT_EQ(Parse({"sensitivity"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--plan is required"));
}

TEST_F(FrameworkFlagsTest, RefusesAFileBesideALiveStart) {
  EXPECT_EQ(Parse({"simulate", "--from-live", "--plan", "f.yaml"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--plan does not go with --from-live, which uses the assumptions "
                                "and the fleet of the daemon"));
  EXPECT_EQ(Parse({"simulate", "--from-live", "a:1", "--scenario", "s"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--scenario does not go with --from-live"));
}

TEST_F(FrameworkFlagsTest, RefusesWrongCommandLines) {
  const std::vector<std::vector<const char*>> wrong = {
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
      {"plan", "compile", "--plan", "f", "--scenario", "s", "--output", "json"},
      {"plan", "diff"},
      {"plan", "diff", "a"},
      {"plan", "diff", "a", "b", "c"},
      {"simulate", "--plan", "f", "--share", "research"},
      {"simulate", "--plan", "f", "--share", "research="},
      {"simulate", "--plan", "f", "--share", "safety=10%"},
      {"simulate", "--plan", "f", "--share", "research=70"},
      {"simulate", "--plan", "f", "--share", "research=-1%"},
      {"simulate", "--plan", "f", "--share", "research=1%", "--share", "research=2%"},
      {"simulate", "--plan", "f", "--hold", "safety"},
      {"simulate", "--plan", "f", "--mode", "shrink"},
      {"simulate", "--plan", "f", "--rest", "all"},
      {"simulate", "--plan", "f", "--revenue", "-1"},
      {"simulate", "--plan", "f", "--revenue", "lots"},
      {"simulate", "--plan", "f", "--utilization", "60", "--utilization", "70"},
      {"simulate", "--from-live", "no-port"},
      {"simulate", "f.yaml", "--plan", "f"},
  };
  for (const auto& arguments : wrong) {
    EXPECT_EQ(Parse(arguments), kExitUsage) << testing::PrintToString(arguments);
    EXPECT_NE(error_, "");
    EXPECT_EQ(out_, "");
  }
}

TEST_F(FrameworkFlagsTest, HelpsWithExamples) {
  const std::vector<std::vector<const char*>> commands = {
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
