#include "daemon/ctl/capacity/decisions_file.h"

#include "daemon/ctl/capacity/request_id.h"
#include "gmock/gmock.h"

namespace fleetmeter::ctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

TEST(DecisionsFileTest, ReadsDecisions) {
  const auto planned = ReadDecisions("decisions.yaml",
                                     "reason: Meeting of December\n"
                                     "decisions:\n"
                                     "  - request: a\n"
                                     "    revision: 3\n"
                                     "    grant: 16\n"
                                     "    start: 2026-12-02T00:00Z\n"
                                     "    for: 7d\n"
                                     "    reason: The half that fits\n"
                                     "  - {request: b, decline: true}\n"
                                     "  - {request: c, grant: all}\n");
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(planned->reason, "Meeting of December");
  ASSERT_EQ(planned->decisions.size(), 3u);
  v1::CapacityDecision want;
  want.set_request_id("a");
  want.set_revision(3);
  want.set_chips(16);
  want.set_start_unix_seconds(1'796'169'600);
  want.set_hours(168);
  want.set_reason("The half that fits");
  EXPECT_EQ(planned->decisions[0].decision.DebugString(), want.DebugString());
  EXPECT_FALSE(planned->decisions[0].whole);
  EXPECT_EQ(planned->decisions[1].decision.chips(), 0);
  EXPECT_FALSE(planned->decisions[1].decision.has_revision());
  EXPECT_FALSE(planned->decisions[1].decision.has_start_unix_seconds());
  EXPECT_FALSE(planned->decisions[1].whole);
  EXPECT_TRUE(planned->decisions[2].whole);
}

TEST(DecisionsFileTest, TellsEveryMistakeByItsLine) {
  const auto planned = ReadDecisions("decisions.yaml",
                                     "decisions:\n"
                                     "  - {request: a, grant: 0}\n"
                                     "  - {request: b, grant: some}\n"
                                     "  - {request: c}\n"
                                     "  - {request: d, grant: 1, decline: true}\n"
                                     "  - {request: e, decline: false}\n"
                                     "  - {grant: 1}\n"
                                     "  - {request: a, grant: 1, revison: 2}\n"
                                     "  - {request: f, grant: 1, for: 5m}\n");
  ASSERT_EQ(planned.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(planned.status().message()),
              AllOf(HasSubstr("decisions.yaml:2: decisions[0].grant: is \"0\"; expected"),
                    HasSubstr("decisions.yaml:3: decisions[1].grant: is \"some\"; expected"),
                    HasSubstr("decisions.yaml:4: decisions[2]: has none of grant and decline"),
                    HasSubstr("decisions.yaml:5: decisions[3]: has both of grant and decline"),
                    HasSubstr("decisions.yaml:6: decisions[4].decline: is false"),
                    HasSubstr("decisions.yaml:7: decisions[5].request: is missing"),
                    HasSubstr("decisions.yaml:8: decisions[6]: decides request \"a\" again, first "
                              "on line 2"),
                    HasSubstr("decisions[6].revison: unknown key (did you mean revision?)"),
                    HasSubstr("decisions.yaml:9: decisions[7].for: is \"5m\"")));
}

TEST(DecisionsFileTest, WantsDecisions) {
  for (const char* text : {"reason: none\n", "decisions: []\n", "- a\n", ""}) {
    EXPECT_FALSE(ReadDecisions("decisions.yaml", text).ok()) << text;
  }
}

TEST(RequestIdTest, IsMadeOfTheWorkloadAndTheDay) {
  v1::CapacityForm form;
  form.set_team("rl");
  form.set_workload("RL / roll outs!");
  form.set_start_unix_seconds(1'796'115'600);
  EXPECT_THAT(MakeRequestId(form, 12'345), MatchesRegex("rl-roll-outs-2026-12-01-[a-z2-9]{4}"));
  EXPECT_EQ(MakeRequestId(form, 12'345), MakeRequestId(form, 12'345));
  EXPECT_NE(MakeRequestId(form, 12'345), MakeRequestId(form, 12'346));
}

TEST(RequestIdTest, IsAnIdWhateverTheWorkloadIsCalled) {
  v1::CapacityForm form;
  for (const std::string& name :
       {std::string("それ"), std::string(), std::string(300, 'x'), std::string("a\x1b[2Jb")}) {
    form.set_workload(name);
    EXPECT_THAT(MakeRequestId(form, ~0U),
                AllOf(MatchesRegex("[a-z][a-z0-9._-]*"), testing::SizeIs(testing::Le(64u))));
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
