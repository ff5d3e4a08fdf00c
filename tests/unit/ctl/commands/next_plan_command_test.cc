// plan compile --decided.
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/unit/ctl/commands/request_commands_testing.h"

namespace fleetmeter::ctl {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class NextPlanCommandTest : public RequestCommandsTest {
 protected:
  NextPlanCommandTest() {
    FakeCapacity::Answers answers;
    answers.plan.mutable_basis()->set_plan("demo");
    answers.plan.mutable_basis()->set_plan_version(1);
    for (int i = 0; i < 8; ++i) answers.plan.add_pools();
    fake_.Answer(answers);
    v1::CapacityRequest granted = AskedRequest("more-rl");
    granted.mutable_form()->set_beyond_allocation(true);
    granted.mutable_grant()->set_chips(4);
    granted.mutable_grant()->set_micro_h100e(12'000'000);
    granted.mutable_grant()->set_start_unix_seconds(kDecember);
    granted.mutable_grant()->set_end_unix_seconds(kDecember + 336 * 3'600);
    Have({AskedRequest("undecided"), granted});
  }

  std::vector<std::string> Compile(const std::vector<std::string>& more) const {
    std::vector<std::string> out = {
        "plan",   "compile",          "--decided",           "--plan", plan_, "--catalog",
        catalog_, "--effective-from", "2026-12-01T00:00:00Z"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  const std::string plan_ = Shipped("deploy/demo/plan.yaml");
  const std::string catalog_ = Shipped("deploy/demo/catalog.yaml");
};

TEST_F(NextPlanCommandTest, WritesThePlanThatHasTheGrants) {
  const std::string next = folder_.PathOf("next.yaml");
  EXPECT_EQ(Ask(Compile({"--to", next})), kExitOk) << error_;
  EXPECT_EQ(out_, next +
                      ": plan demo version 2\n"
                      "research-post-training: 108.0 H100e instead of 96.0, for more-rl\n");
  EXPECT_THAT(Read(next), AllOf(HasSubstr("version: 2\n"), HasSubstr("{h100e: 108}")));
  EXPECT_EQ(Call({"plan", "show", "--plan", next, "--catalog", catalog_}), kExitOk) << error_;
  EXPECT_EQ(Ask(Compile({"-o", "json"})), kExitOk) << error_;
  const json told = json::parse(out_);
  EXPECT_EQ(told.at("version"), 2);
  EXPECT_EQ(told.at("yaml"), Read(next));
  EXPECT_EQ(told.at("raises")[0].at("after_micro_h100e"), 108'000'000);
}

TEST_F(NextPlanCommandTest, RefusesAPlanThatIsNotInForce) {
  FakeCapacity::Answers answers = fake_.answers();
  answers.plan.mutable_basis()->set_plan_version(3);
  fake_.Answer(answers);
  EXPECT_EQ(Ask(Compile({})), kExitError);
  EXPECT_THAT(error_, HasSubstr("is version 1 of plan demo, and the daemon runs version 3"));
  answers.plan.mutable_basis()->set_plan_version(1);
  answers.plan.mutable_pools()->DeleteSubrange(0, 1);
  fake_.Answer(answers);
  EXPECT_EQ(Ask(Compile({})), kExitError);
  EXPECT_THAT(error_, HasSubstr("we may see 7 of the 8 pools of the plan"));
  // The file is the next one already, whose pools may differ from those in force.
  answers.plan.mutable_basis()->set_plan_version(0);
  answers.sees_all = false;
  fake_.Answer(answers);
  EXPECT_EQ(Ask(Compile({})), kExitError);
  EXPECT_THAT(error_, HasSubstr("we may not see all pools"));
  answers.sees_all = true;
  fake_.Answer(answers);
  EXPECT_EQ(Ask(Compile({})), kExitOk) << error_;
}

TEST_F(NextPlanCommandTest, WantsOneOfTheTwoWays) {
  EXPECT_EQ(Ask({"plan", "compile", "--plan", plan_}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("expected --scenario NAME, or --decided"));
  EXPECT_EQ(Ask(Compile({"--scenario", "s"})), kExitUsage);
  EXPECT_EQ(Ask({"plan", "compile", "--decided", "--plan", plan_}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--decided takes --catalog FILE"));
  ASSERT_EQ(Parse({"plan", "compile", "--plan", "f", "--scenario", "s"}), std::nullopt);
  EXPECT_EQ(called_address(), std::nullopt);
}

}  // namespace
}  // namespace fleetmeter::ctl
