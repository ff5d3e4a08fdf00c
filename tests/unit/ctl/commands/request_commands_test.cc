// request ..., budgets, lending.
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/unit/ctl/commands/request_commands_testing.h"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

TEST_F(RequestCommandsTest, ChecksWhatIsAskedByFlags) {
  FakeCapacity::Answers answers;
  answers.check.set_micro_h100e(48'000'000);
  answers.check.mutable_fit()->set_fits(true);
  fake_.Answer(answers);
  EXPECT_EQ(Ask({"request",
                 "check",
                 "--pool",
                 "research",
                 "--team",
                 "rl",
                 "--chip",
                 "b200",
                 "--chips",
                 "16",
                 "--start",
                 "2026-12-01",
                 "--for",
                 "14d",
                 "--workload",
                 "rl-rollouts",
                 "--nature",
                 "growth_bet",
                 "--roi-gain",
                 "revenue",
                 "--roi-expected",
                 "1.5M",
                 "--roi-low",
                 "-20K",
                 "--roi-high",
                 "$2M",
                 "--roi-confidence",
                 "90%",
                 "--roi-by",
                 "2027-03-31",
                 "--beyond-allocation",
                 "--trade-off",
                 "それ"}),
            kExitOk)
      << error_;
  const v1::CapacityForm form = fake_.asked().check.form();
  EXPECT_THAT(form.request_id(), testing::StartsWith("rl-rollouts-2026-12-01-"))
      << "a request without an id may be submitted, since ask makes one up";
  EXPECT_EQ(form.pool(), "research");
  EXPECT_EQ(form.chips(), 16);
  EXPECT_EQ(form.start_unix_seconds(), kDecember);
  EXPECT_EQ(form.hours(), 336);
  EXPECT_EQ(form.roi().low_micro_usd(), -20'000'000'000);
  EXPECT_EQ(form.roi().high_micro_usd(), 2'000'000'000'000);
  EXPECT_EQ(form.roi().confidence_basis_points(), 9'000u);
  EXPECT_TRUE(form.beyond_allocation());
  EXPECT_EQ(form.trade_off(), "それ");
  EXPECT_FALSE(form.has_cores());
  EXPECT_THAT(out_, AllOf(HasSubstr("It may be submitted."), HasSubstr("fits       yes.")));
}

TEST_F(RequestCommandsTest, CheckTellsByItsExitCodeWhatIsWrong) {
  FakeCapacity::Answers answers;
  answers.check.mutable_fit()->set_missing_micro_h100e(1'000'000);
  fake_.Answer(answers);
  const std::string form = Write("form.yaml", "pool: research\nchips: 16\nfor: 14d\n");
  EXPECT_EQ(Ask({"request", "check", "--file", form, "--chips", "8"}), kExitDoesNotFit);
  EXPECT_EQ(fake_.asked().check.form().chips(), 8);  // the flag wins
  EXPECT_EQ(fake_.asked().check.form().hours(), 336);
  EXPECT_NE(fake_.asked().check.form().request_id(), "");  // one is made up, as request ask does
  v1::CapacityViolation& violation = *answers.check.add_violations();
  violation.set_field("start_unix_seconds");
  violation.set_message("is 1970-01-01; expected\x1b[2J a time to come");
  fake_.Answer(answers);
  EXPECT_EQ(Ask({"request", "check", "--file", form}), kExitError);
  EXPECT_THAT(out_, HasSubstr("One thing is wrong with it:\n"
                              "  --start is 1970-01-01; expected\\x1b[2J a time to come\n"));
  EXPECT_EQ(Ask({"request", "check", "--file", form, "-o", "json"}), kExitError);
  EXPECT_EQ(json::parse(out_).at("violations")[0].at("field"), "start_unix_seconds");
}

TEST_F(RequestCommandsTest, NamesTheFlagThatIsWrong) {
  EXPECT_EQ(Ask({"request", "check", "--chips", "many"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--chips: \"many\" is not a whole number"));
  EXPECT_EQ(Ask({"request", "check", "--start", "2026-12-01T09:30Z"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--start: \"2026-12-01T09:30Z\" is not a full hour of UTC"));
  EXPECT_EQ(Ask({"request", "check", "--nature", "urgent"}), kExitUsage);
  EXPECT_EQ(Ask({"request", "check", "--note", "\xff"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("is not text in UTF-8"));
  EXPECT_EQ(Ask({"request", "check", "--file", "/nowhere.yaml"}), kExitError);
}

TEST_F(RequestCommandsTest, AskMakesUpAnId) {
  FakeCapacity::Answers answers;
  *answers.change.add_requests() = AskedRequest("whatever");
  fake_.Answer(answers);
  const std::string form = Write("form.yaml", "workload: rl-rollouts\nstart: 2026-12-01\n");
  EXPECT_EQ(Ask({"request", "ask", "--file", form}), kExitOk) << error_;
  EXPECT_THAT(fake_.asked().submit.form().request_id(),
              MatchesRegex("rl-rollouts-2026-12-01-[a-z2-9]{4}"));
  EXPECT_FALSE(fake_.asked().submit.has_revision());
  EXPECT_THAT(out_, StartsWith("whatever is submitted: 4 b200 (12.0 H100e)"));
  EXPECT_EQ(Ask({"request", "ask", "--file", form, "--id", "mine"}), kExitOk);
  EXPECT_EQ(fake_.asked().submit.form().request_id(), "mine");
}

TEST_F(RequestCommandsTest, AskTellsTheIdWhenItIsNotKnownWhetherItWasTaken) {
  EXPECT_EQ(Call({"request", "ask", "--workload", "w", "--address=127.0.0.1:1"}), kExitError);
  EXPECT_THAT(error_, HasSubstr("Ask again with --id w-1970-01-01-"));
}

TEST_F(RequestCommandsTest, AskWantsSomething) {
  EXPECT_EQ(Ask({"request", "ask"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("there is nothing to ask for"));
  EXPECT_EQ(Ask({"request", "ask", "--id", "a", "--amend"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--amend takes --reason"));
  EXPECT_EQ(Ask({"request", "ask", "--chips", "1", "--revision", "1"}), kExitUsage);
}

TEST_F(RequestCommandsTest, AmendsWhatIsNamedAndLeavesTheRest) {
  Have({AskedRequest("a")});
  EXPECT_EQ(Ask({"request", "ask", "--id", "a", "--amend", "--chips", "8", "--reason", "less"}),
            kExitOk)
      << error_;
  v1::CapacityForm want = AskedRequest("a").form();
  want.set_chips(8);
  EXPECT_EQ(fake_.asked().submit.form().DebugString(), want.DebugString());
  EXPECT_EQ(fake_.asked().submit.revision(), 3);
  EXPECT_EQ(fake_.asked().submit.reason(), "less");
  // A text may be taken away, and an older revision may be meant.
  EXPECT_EQ(Ask({"request", "ask", "--id", "a", "--amend", "--note", "", "--revision", "2",
                 "--reason", "less"}),
            kExitOk);
  EXPECT_EQ(fake_.asked().submit.form().note(), "");
  EXPECT_EQ(fake_.asked().submit.revision(), 2);
  // A file is the whole form.
  const std::string form = Write("form.yaml", "id: a\nchips: 2\n");
  EXPECT_EQ(Ask({"request", "ask", "--file", form, "--amend", "--reason", "all new"}), kExitOk);
  EXPECT_EQ(fake_.asked().submit.form().pool(), "");
  EXPECT_EQ(Ask({"request", "ask", "--chips", "1", "--amend", "--reason", "r"}), kExitError);
  EXPECT_THAT(error_, HasSubstr("expected --id ID"));
  EXPECT_EQ(Ask({"request", "ask", "--id", "b", "--amend", "--reason", "r"}), kExitError);
  EXPECT_THAT(error_, HasSubstr("there is no request b"));
}

TEST_F(RequestCommandsTest, ListsAllPages) {
  Have({AskedRequest("a"), AskedRequest("b"), AskedRequest("c")});
  EXPECT_EQ(Ask({"request", "list", "--state", "open", "--pool", "p", "--team", "t", "--nature",
                 "critical", "-o", "json"}),
            kExitOk)
      << error_;
  EXPECT_EQ(json::parse(out_).at("requests").size(), 3u);
  EXPECT_EQ(fake_.asked().list.state(), "open");
  EXPECT_EQ(fake_.asked().list.pool(), "p");
  EXPECT_EQ(fake_.asked().list.team(), "t");
  EXPECT_EQ(fake_.asked().list.nature(), "critical");
  EXPECT_EQ(fake_.asked().list.since_unix_nanos(), 0);
  EXPECT_EQ(Ask({"request", "list", "--changed-within", "14d", "-o", "csv"}), kExitOk);
  EXPECT_GT(fake_.asked().list.since_unix_nanos(), 0);
  EXPECT_EQ(Ask({"request", "list", "--state", "opne"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("open"));
}

TEST_F(RequestCommandsTest, RanksAndOrders) {
  EXPECT_EQ(Ask({"request", "rank", "--pool", "p"}), kExitOk) << error_;
  EXPECT_EQ(fake_.asked().ranking.pool(), "p");
  EXPECT_EQ(fake_.asked().changes, 0);
  EXPECT_EQ(Ask({"request", "rank", "--pool", "p", "--order", "a,b c", "--nature", "critical",
                 "--reason", "first"}),
            kExitOk)
      << error_;
  EXPECT_THAT(fake_.asked().rank.workloads(), ElementsAre("a", "b c"));
  EXPECT_EQ(fake_.asked().rank.nature(), "critical");
  EXPECT_EQ(Ask({"request", "rank", "--order", "a", "--nature", "critical", "--reason", "r"}),
            kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--order takes --pool, --nature and --reason"));
}

TEST_F(RequestCommandsTest, DecidesOne) {
  Have({AskedRequest("a")});
  EXPECT_EQ(Ask({"request", "decide", "a", "--grant", "2", "--for", "7d", "--reason", "half"}),
            kExitOk)
      << error_;
  const v1::CapacityDecision half = fake_.asked().decide.decisions(0);
  EXPECT_EQ(half.chips(), 2);
  EXPECT_EQ(half.hours(), 168);
  EXPECT_FALSE(half.has_revision());
  EXPECT_FALSE(half.has_start_unix_seconds());
  EXPECT_EQ(fake_.asked().decide.reason(), "half");
  EXPECT_EQ(Ask({"request", "decide", "a", "--decline", "--reason", "no"}), kExitOk) << error_;
  EXPECT_EQ(fake_.asked().decide.decisions(0).chips(), 0);
}

// "All" is what the request says when it is looked at, and not what it may say later.
TEST_F(RequestCommandsTest, GrantsAllOfTheRevisionThatItSaw) {
  Have({AskedRequest("a")});
  EXPECT_EQ(Ask({"request", "decide", "a", "--grant", "all", "--reason", "it fits"}), kExitOk)
      << error_;
  EXPECT_EQ(fake_.asked().decide.decisions(0).chips(), 4);
  EXPECT_EQ(fake_.asked().decide.decisions(0).revision(), 3);
}

TEST_F(RequestCommandsTest, RefusesDecisionsThatSayTooLittleOrTooMuch) {
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{"--grant", "1", "--reason", "r"},
                                             {"a", "--reason", "r"},
                                             {"a", "--grant", "1", "--decline", "--reason", "r"},
                                             {"a", "--grant", "0", "--reason", "r"},
                                             {"a", "--grant", "1"},
                                             {"a", "--decline", "--for", "1d", "--reason", "r"},
                                             {"a", "--file", "f.yaml"},
                                             {"--file", "f.yaml", "--grant", "1"}}) {
    std::vector<std::string> arguments = {"request", "decide"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(Ask(arguments), kExitUsage) << testing::PrintToString(more);
  }
  EXPECT_EQ(fake_.asked().changes, 0);
}

TEST_F(RequestCommandsTest, DecidesAFileAtOnce) {
  Have({AskedRequest("a"), AskedRequest("b")});
  const std::string file = Write("decisions.yaml",
                                 "reason: meeting\n"
                                 "decisions:\n"
                                 "  - {request: a, grant: all}\n"
                                 "  - {request: b, decline: true, revision: 2, reason: no}\n");
  EXPECT_EQ(Ask({"request", "decide", "--file", file, "--dry-run"}), kExitOk) << error_;
  EXPECT_EQ(fake_.asked().changes, 0);
  EXPECT_THAT(out_, AllOf(HasSubstr("a would be granted 4 of 4 b200 from 2026-12-01 00:00Z"),
                          HasSubstr("b would be declined: no. But it was changed"),
                          HasSubstr("Nothing was decided.")));
  EXPECT_EQ(Ask({"request", "decide", "--file", file}), kExitOk) << error_;
  EXPECT_EQ(fake_.asked().changes, 1);
  EXPECT_EQ(fake_.asked().decide.decisions_size(), 2);
  EXPECT_EQ(fake_.asked().decide.reason(), "meeting");
  EXPECT_EQ(fake_.asked().decide.decisions(1).revision(), 2);
  EXPECT_EQ(Ask({"request", "decide", "--file", file, "--reason", "other"}), kExitOk);
  EXPECT_EQ(fake_.asked().decide.reason(), "other");
}

TEST_F(RequestCommandsTest, ShowsAConflictLineByLine) {
  FakeCapacity::Answers answers;
  answers.refusal = "a was changed since revision 2:\nchips were 4 and are\x1b[2J 8";
  fake_.Answer(answers);
  EXPECT_EQ(Ask({"request", "decide", "a", "--grant", "1", "--reason", "r"}), kExitError);
  EXPECT_EQ(error_, "fleetmeterctl: fleetmeterd at " + fake_.address() +
                        ":\na was changed since revision 2:\nchips were 4 and are\\x1b[2J 8\n");
  EXPECT_EQ(Ask({"request", "withdraw", "a", "--reason", "r", "-o", "json"}), kExitError);
  EXPECT_EQ(json::parse(error_).at("error").at("code"), "ABORTED");
}

// They had the names that fields have in the protocol, which nobody has typed.
TEST_F(RequestCommandsTest, FaultsNameWhatPeopleTyped) {
  Have({AskedRequest("more")});
  FakeCapacity::Answers answers = fake_.answers();
  answers.fault = "hours: is 0\nroi.expected_by_unix_seconds: is missing\nreason: is empty";
  fake_.Answer(answers);
  EXPECT_EQ(Ask({"request", "ask", "--pool", "p", "--chips", "4"}), kExitError);
  EXPECT_THAT(error_, HasSubstr(":\n--for: is 0\n--roi-by: is missing\n--reason: is empty\n"));
  answers.fault = "end_unix_seconds: is 5 (1970-01-01 00:00:05Z); expected a full hour";
  fake_.Answer(answers);
  EXPECT_EQ(Ask({"request", "release", "more", "--reason", "done"}), kExitError);
  EXPECT_THAT(error_, HasSubstr(fake_.address() + ": --at: is 5 (1970-01-01 00:00:05Z); expected"));
  answers.fault = "decisions[0].chips: is 9 for request 'more'";
  fake_.Answer(answers);
  EXPECT_EQ(Ask({"request", "decide", "more", "--grant", "9", "--reason", "x"}), kExitError);
  EXPECT_THAT(error_, HasSubstr(": --grant: is 9 for request 'more'\n"));
  const std::string file = Write("d.yaml", "reason: x\ndecisions: [{request: more, grant: 9}]\n");
  EXPECT_EQ(Ask({"request", "decide", "--file", file}), kExitError);
  EXPECT_THAT(error_, HasSubstr(": decisions[0].grant: is 9 for request 'more'\n"));
}

TEST_F(RequestCommandsTest, WithdrawsAndReleases) {
  EXPECT_EQ(Ask({"request", "withdraw", "a", "--reason", "off"}), kExitOk) << error_;
  EXPECT_EQ(fake_.asked().withdraw.request_id(), "a");
  EXPECT_EQ(fake_.asked().withdraw.reason(), "off");
  EXPECT_EQ(Ask({"request", "release", "a", "--reason", "done", "--at", "2026-12-01"}), kExitOk);
  EXPECT_EQ(fake_.asked().release.end_unix_seconds(), kDecember);
  EXPECT_EQ(Ask({"request", "release", "a", "--reason", "done"}), kExitOk);
  EXPECT_EQ(fake_.asked().release.end_unix_seconds() % 3'600, 0);
  EXPECT_GT(fake_.asked().release.end_unix_seconds(), kSomeTime / 1'000'000'000);
  EXPECT_EQ(Ask({"request", "withdraw", "a"}), kExitUsage);
  EXPECT_EQ(Ask({"request", "withdraw", "a", "--reason", "\xff"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("is not text in UTF-8"));
  EXPECT_EQ(Ask({"request", "release", "a"}), kExitUsage);
}

TEST_F(RequestCommandsTest, AsksForGrantsTimelinesAndResults) {
  EXPECT_EQ(Ask({"request", "grants", "--pool", "p", "--team", "t", "--request", "a", "--ended"}),
            kExitOk)
      << error_;
  EXPECT_TRUE(fake_.asked().grants.ended());
  EXPECT_EQ(fake_.asked().grants.request_id(), "a");
  EXPECT_EQ(Ask({"request", "timeline", "--pool", "p", "--to", "2026-12-01"}), kExitOk) << error_;
  EXPECT_EQ(fake_.asked().timeline.to_unix_seconds(), kDecember);
  EXPECT_EQ(fake_.asked().timeline.from_unix_seconds(), 0);
  EXPECT_EQ(Ask({"request", "timeline"}), kExitUsage);
  EXPECT_EQ(Ask({"request", "results", "a"}), kExitOk) << error_;
  EXPECT_EQ(fake_.asked().results.request_id(), "a");
  EXPECT_EQ(Ask({"budgets", "--pool", "p"}), kExitOk) << error_;
  EXPECT_EQ(fake_.asked().budgets.pool(), "p");
  EXPECT_EQ(Ask({"lending", "--to", "2026-12-01", "--step", "1d"}), kExitOk) << error_;
  EXPECT_EQ(fake_.asked().lending.from_unix_seconds(), kDecember - 14 * 86'400);
  EXPECT_EQ(fake_.asked().lending.step(), "1d");
  EXPECT_EQ(Ask({"lending", "--step", "1w"}), kExitUsage);
}

}  // namespace
}  // namespace fleetmeter::ctl
