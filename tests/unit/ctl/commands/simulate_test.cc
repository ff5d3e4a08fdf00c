#include "gmock/gmock.h"
#include "tests/unit/ctl/command_line_testing.h"
#include "tests/unit/ctl/fake_daemon.h"

namespace fleetmeter::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using SimulateTest = CommandLineTest;

TEST_F(SimulateTest, MakesARequestOfWhatIsToChange) {
  FakeDaemon daemon;
  ASSERT_EQ(Call({"simulate",     "--from-live",   daemon.address(), "--utilization", "60",
                  "--curve",      "diminishing",   "--revenue",      "25B",           "--share",
                  "research=70%", "--share",       "training=0.05",  "--hold",        "inference",
                  "--mode",       "free-capacity", "--rest",         "proportional",  "--set",
                  "tiers.p0=5%"}),
            kExitOk)
      << error_;
  EXPECT_EQ(path(), Path({"simulate"}));
  const v1::SimulateRequest request = daemon.asked_simulation();
  EXPECT_TRUE(request.from_live());
  EXPECT_THAT(request.set(), ElementsAre("tiers.p0=5%"));
  EXPECT_EQ(request.utilization_ratio(), 0.6);
  EXPECT_EQ(request.curve(), "diminishing");
  EXPECT_EQ(request.revenue_usd(), 25e9);
  EXPECT_EQ(request.share_ratios().at("research"), 0.7);
  EXPECT_EQ(request.share_ratios().at("training"), 0.05);
  EXPECT_THAT(request.hold(), ElementsAre("inference"));
  EXPECT_EQ(request.mode(), "free-capacity");
  EXPECT_EQ(request.rest(), "proportional");
}

TEST_F(SimulateTest, StartsFromAScenarioOfAFile) {
  const std::string plan = Shipped("deploy/plans/framework.yaml");
  ASSERT_EQ(Call({"simulate", "--plan", plan, "--scenario", "revenue-priority", "--set",
                  "tiers.p0=5%", "--utilization", "60", "-o", "json"}),
            kExitOk)
      << error_;
  EXPECT_EQ(called_address(), std::nullopt);
  EXPECT_THAT(out_, HasSubstr("\"scenario revenue-priority\""));
  EXPECT_THAT(out_, HasSubstr("\"tiers.p0=5%\""));
}

TEST_F(SimulateTest, ChangesNothingUnlessAsked) {
  FakeDaemon daemon;
  ASSERT_EQ(Call({"simulate", "--from-live", daemon.address()}), kExitOk) << error_;
  v1::SimulateRequest nothing;
  nothing.set_from_live(true);
  EXPECT_EQ(daemon.asked_simulation().SerializeAsString(), nothing.SerializeAsString());
}

TEST_F(SimulateTest, StartsFromTheDaemonOfAnAddressOrOfTheUsualOne) {
  ASSERT_EQ(Parse({"simulate", "--from-live", "meter:7444", "--utilization", "60%"}), std::nullopt);
  EXPECT_EQ(called_address(), "meter:7444");
  ASSERT_EQ(Parse({"--address", "other:1", "simulate", "--from-live", "--utilization", "60%"}),
            std::nullopt);
  EXPECT_EQ(called_address(), "other:1");
}

TEST_F(SimulateTest, SaysWhatToWriteForAUtilizationOfOne) {
  for (const char* text : {"1", "1.0"}) {
    EXPECT_EQ(Parse({"simulate", "--plan", "f.yaml", "--utilization", text}), kExitUsage);
    EXPECT_THAT(error_, HasSubstr("may be a percent or all of it; expected 1% or 100%"));
  }
}

TEST_F(SimulateTest, SaysThatItNeedsAStart) {
  EXPECT_EQ(Parse({"simulate", "--utilization", "60"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("expected --plan FILE, or --from-live"));
  EXPECT_EQ(Parse({"sensitivity"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--plan is required"));
}

TEST_F(SimulateTest, RefusesAFileBesideALiveStart) {
  EXPECT_EQ(Parse({"simulate", "--from-live", "--plan", "f.yaml"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--plan does not go with --from-live, which uses the assumptions "
                                "and the fleet of the daemon"));
  EXPECT_EQ(Parse({"simulate", "--from-live", "a:1", "--scenario", "s"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--scenario does not go with --from-live"));
}

TEST_F(SimulateTest, RefusesWrongCommandLines) {
  const std::vector<std::vector<std::string>> wrong = {
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

}  // namespace
}  // namespace fleetmeter::ctl
