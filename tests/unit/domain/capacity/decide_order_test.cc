#include "daemon/base/units.h"
#include "daemon/domain/capacity/capacity_order.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity::decide_testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

absl::StatusCode Code(const CapacityAnswer& answer) { return answer.status.code(); }
std::string Message(const CapacityAnswer& answer) { return std::string(answer.status.message()); }

void ExpectNothingToDo(const CapacityAnswer& answer) {
  EXPECT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_TRUE(answer.nothing_to_do);
  EXPECT_TRUE(answer.events.empty());
}

TEST(Decide, GrantsAsAskedOrInPartAndDeclines) {
  BookMaker maker;
  maker.Submit(MakeForm("whole")).Submit(MakeForm("part")).Submit(MakeForm("none"));
  Decision part = Granting("part", 4);
  part.start_unix_seconds = At(12);
  part.hours = 2;
  part.reason = "the rest is full";
  const CapacityAnswer answer = maker.Decide({Granting("whole", 10), part, Granting("none", 0)});
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  ASSERT_EQ(answer.events.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(answer.events[i].number, 4 + static_cast<int64_t>(i));
    EXPECT_EQ(answer.events[i].decision, 1) << "they were decided together";
    EXPECT_EQ(answer.events[i].revision, 2);
    EXPECT_EQ(answer.events[i].identity, "carol");
  }
  EXPECT_EQ(answer.events[0].reason, "the meeting decided");
  EXPECT_EQ(answer.events[0].end_unix_seconds, At(15));
  EXPECT_EQ(answer.events[1].reason, "the rest is full");
  EXPECT_EQ(answer.events[1].worth.micro_h100e, 4 * kMicro);
  EXPECT_EQ(answer.events[1].start_unix_seconds, At(12));
  EXPECT_EQ(answer.events[1].end_unix_seconds, At(14));
  EXPECT_EQ(maker.Get("whole").StateAt(kPresent), State::kGranted);
  EXPECT_EQ(maker.Get("part").StateAt(kPresent), State::kGrantedInPart);
  EXPECT_EQ(maker.Get("none").StateAt(kPresent), State::kDeclined);
  EXPECT_EQ(maker.Get("whole").StateAt(At(10)), State::kActive);
  EXPECT_EQ(maker.Get("whole").StateAt(At(15)), State::kEnded);
}

TEST(Decide, DoesAllOrNothing) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  const CapacityAnswer answer = maker.Decide({Granting("req-1", 10), Granting("req-9", 0)});
  EXPECT_EQ(Code(answer), absl::StatusCode::kNotFound);
  EXPECT_EQ(maker.book().last_number(), 1);
  EXPECT_EQ(Code(maker.Decide({})), absl::StatusCode::kInvalidArgument);
}

TEST(Decide, TakesTheSameDecisionOnce) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1")).Submit(MakeForm("req-2")).Submit(MakeForm("req-3"));
  Decision first = Granting("req-1", 4);
  first.revision = 1;
  EXPECT_TRUE(maker.Decide({first, Granting("req-2", 0)}).status.ok());
  ExpectNothingToDo(maker.Decide({first, Granting("req-2", 0)}));
  const CapacityAnswer more = maker.Decide({first, Granting("req-3", 10)});
  ASSERT_TRUE(more.status.ok()) << more.status;
  EXPECT_EQ(more.events.size(), 1u) << "the first was decided before";
  EXPECT_EQ(more.events.front().decision, 2);
  // A release since then does not make it another decision.
  EXPECT_TRUE(
      maker
          .Order({.identity = "bob", .reason = "done early", .what = ReleaseOrder{"req-1", At(12)}})
          .status.ok());
  ExpectNothingToDo(maker.Decide({first}));
}

TEST(Decide, RefusesToDecideTwice) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1")).Submit(MakeForm("req-2"));
  EXPECT_TRUE(maker.Decide({Granting("req-1", 4), Granting("req-2", 0)}).status.ok());
  const CapacityAnswer answer = maker.Decide({Granting("req-1", 5), Granting("req-2", 10)});
  EXPECT_EQ(Code(answer), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(answer), AllOf(HasSubstr("request 'req-1' is decided: \"carol\" granted 4"),
                                     HasSubstr("\nrequest 'req-2' is decided: \"carol\" declined"),
                                     HasSubstr("the meeting decided")));
  Decision otherwise = Granting("req-1", 4);
  otherwise.reason = "another";
  EXPECT_EQ(Code(maker.Decide({otherwise})), absl::StatusCode::kFailedPrecondition);
}

TEST(Decide, ShowsWhatWasChangedMeanwhile) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  CapacityForm form = MakeForm("req-1");
  form.chips = 3;
  EXPECT_TRUE(maker.Submit(form, 1, "less is enough").status.ok());
  Decision looked_at = Granting("req-1", 10);
  looked_at.revision = 1;
  const CapacityAnswer answer = maker.Decide({looked_at});
  EXPECT_EQ(Code(answer), absl::StatusCode::kAborted);
  EXPECT_THAT(Message(answer), HasSubstr("chips was 10 and is 3"));
}

TEST(Decide, GrantsNoMoreThanWasAskedFor) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  Decision decision = Granting("req-1", 11);
  decision.hours = 6;
  CapacityAnswer answer = maker.Decide({decision});
  EXPECT_EQ(Code(answer), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(answer), AllOf(StartsWith("decisions[0].chips: is 11"),
                                     HasSubstr("decisions[0].hours: is 6")));
  for (const int64_t chips : {int64_t{-1}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(Code(maker.Decide({Granting("req-1", chips)})), absl::StatusCode::kInvalidArgument);
  }
  decision = Granting("req-1", 0);
  decision.hours = 2;
  EXPECT_THAT(Message(maker.Decide({decision})), HasSubstr("since the request is declined"));
}

TEST(Decide, NeedsAReasonOfEachOrOfAll) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1")).Submit(MakeForm("req-2"));
  Decision own = Granting("req-1", 1);
  own.reason = "mine";
  const CapacityAnswer answer = maker.Order(
      {.identity = "carol", .reason = "", .what = DecideOrder{{own, Granting("req-2", 1)}}});
  EXPECT_EQ(Code(answer), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(answer), StartsWith("decisions[1].reason: is empty"));
  EXPECT_TRUE(
      maker.Order({.identity = "carol", .reason = "", .what = DecideOrder{{own}}}).status.ok());
}

TEST(Decide, TakesEachRequestOnce) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  EXPECT_THAT(Message(maker.Decide({Granting("req-1", 1), Granting("req-1", 1)})),
              HasSubstr("decisions[1].request_id: is \"req-1\" for the second time"));
}

TEST(Decide, BeginsNoGrantInHoursThatAreOver) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  Decision decision = Granting("req-1", 10);
  decision.start_unix_seconds = At(-1);
  CapacityAnswer answer = maker.Decide({decision});
  EXPECT_EQ(Code(answer), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(answer), HasSubstr("expected 2027-01-15 08:00:00Z or later"));
  decision.start_unix_seconds = At(0) + 60;
  EXPECT_THAT(Message(maker.Decide({decision})), HasSubstr("a full hour"));
  for (const int64_t start : {INT64_MIN, INT64_MAX - 1, At(kMostHours + 1)}) {
    decision.start_unix_seconds = start;
    EXPECT_EQ(Code(maker.Decide({decision})), absl::StatusCode::kInvalidArgument) << start;
  }
  decision.start_unix_seconds = At(0);
  EXPECT_TRUE(maker.Decide({decision}).status.ok()) << "the present hour is not over";
}

TEST(Decide, GrantsWhatHasBegunFromItsBeginning) {
  BookMaker maker;
  maker.Submit(MakeForm("asked")).Submit(MakeForm("later")).Submit(MakeForm("over"));
  const int64_t now = At(12) + 60;
  EXPECT_TRUE(maker.Decide({Granting("asked", 10)}, now).status.ok());
  EXPECT_EQ(maker.Get("asked").grant->start_unix_seconds, At(10));
  Decision later = Granting("later", 10);
  later.start_unix_seconds = At(11);
  EXPECT_TRUE(maker.Decide({later}, now).status.ok());
  const CapacityAnswer over = maker.Decide({Granting("over", 10)}, At(15));
  EXPECT_EQ(Code(over), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(over), HasSubstr("until 2027-01-15 23:00:00Z, which is over"));
  EXPECT_EQ(maker.Get("over").StateAt(At(15)), State::kExpired);
  Decision moved = Granting("over", 10);
  moved.start_unix_seconds = At(16);
  EXPECT_TRUE(maker.Decide({moved}, At(15)).status.ok());
}

TEST(Decide, RefusesMoreThanAPoolWithTheSumAndTheHour) {
  BookMaker maker;
  CapacityForm form = MakeForm("req-1");
  form.chips = 200;
  maker.Submit(form);
  form.request_id = "req-2";
  form.start_unix_seconds = At(12);
  maker.Submit(form);
  const CapacityAnswer answer = maker.Decide({Granting("req-1", 200), Granting("req-2", 101)});
  EXPECT_EQ(Code(answer), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Message(answer),
            "the grants of pool 'serving' within its allocation add up to 301 H100e from "
            "2027-01-15 20:00:00Z on; expected at most 300 H100e, its allocation by plan 'small' "
            "version 3");
  EXPECT_TRUE(maker.Decide({Granting("req-1", 200), Granting("req-2", 100)}).status.ok());
}

CapacityForm BeyondOf(const std::string& id, const std::string& pool, const std::string& team,
                      int64_t chips) {
  CapacityForm form = MakeForm(id);
  form.pool = pool;
  form.team = team;
  form.chips = chips;
  return Beyond(form);
}

TEST(Decide, RefusesMoreThanACategoryWithTheSum) {
  BookMaker maker;
  // Inference has 400, of which its pools are allocated 350.
  maker.Submit(BeyondOf("req-1", "serving", "api", 30))
      .Submit(BeyondOf("req-2", "chat", "chat", 21));
  const CapacityAnswer answer = maker.Decide({Granting("req-1", 30), Granting("req-2", 21)});
  EXPECT_EQ(Code(answer), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(answer),
              AllOf(HasSubstr("category inference need 401 H100e from 2027-01-15 18:00:00Z"),
                    HasSubstr("at most 400 H100e, the share of the category")));
  EXPECT_TRUE(maker.Decide({Granting("req-1", 30), Granting("req-2", 20)}).status.ok());
}

TEST(Decide, RefusesMoreThanACategoryThatItsPoolsHaveWhole) {
  PlanDocument document = MakePlanDocument(3);
  document.category_shares = {
      {Category::kInference, 0.35}, {Category::kTraining, 0.25}, {Category::kResearch, 0.15}};
  BookMaker maker(MakeReference({document}));
  maker.Submit(BeyondOf("req-1", "serving", "api", 1));
  const CapacityAnswer answer = maker.Decide({Granting("req-1", 1)});
  EXPECT_EQ(Code(answer), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(answer), AllOf(HasSubstr("category inference need 351 H100e"),
                                     HasSubstr("at most 350 H100e, the share of the category")));
}

TEST(Decide, RefusesMoreThanATierWithTheSum) {
  PlanDocument document = MakePlanDocument(3);
  document.pools[0].tier = Tier::kP0;
  document.tier_shares = {{Tier::kP0, 0.31}, {Tier::kP2, 0.5}, {Tier::kBuffer, 0.1}};
  BookMaker maker(MakeReference({document}));
  maker.Submit(BeyondOf("req-1", "serving", "api", 11));
  const CapacityAnswer answer = maker.Decide({Granting("req-1", 11)});
  EXPECT_EQ(Code(answer), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(answer), AllOf(HasSubstr("tier p0 need 311 H100e"),
                                     HasSubstr("at most 310 H100e, the share of the tier")));
  EXPECT_TRUE(maker.Decide({Granting("req-1", 10)}).status.ok());
}

TEST(Decide, RefusesMoreThanTheSupplyLessTheBufferWithTheSum) {
  PlanDocument document = MakePlanDocument(3);
  document.has_categories = false;
  document.category_shares.clear();
  document.has_tiers = false;
  document.tier_shares.clear();
  BookMaker maker(MakeReference({document}));
  // 1,000 less what all pools are allocated, 750.
  maker.Submit(BeyondOf("req-1", "serving", "api", 251));
  const CapacityAnswer answer = maker.Decide({Granting("req-1", 251)});
  EXPECT_EQ(Code(answer), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(answer), AllOf(HasSubstr("all pools together need 1,001 H100e"),
                                     HasSubstr("at most 1,000 H100e, the supply less the buffer")));
  EXPECT_TRUE(maker.Decide({Granting("req-1", 250)}).status.ok())
      << "a plan without categories has no shares of them";
}

// What is granted beyond an allocation takes nothing of what its owner may grant.
TEST(Decide, LeavesTheOwnerTheWholeAllocation) {
  BookMaker maker;
  maker.Submit(BeyondOf("beyond", "serving", "api", 50)).Submit(MakeForm("all"));
  CapacityForm all = MakeForm("all-of-it");
  all.chips = 300;
  maker.Submit(all);
  ASSERT_TRUE(maker.Decide({Granting("beyond", 50)}).status.ok());
  EXPECT_TRUE(maker.Decide({Granting("all-of-it", 300)}).status.ok());
}

TEST(Decide, GrantsNothingOfWhatIsNoPoolOfThePlan) {
  PlanDocument without = MakePlanDocument(4);
  without.effective_from_unix_nanos = At(12) * kNanosPerSecond;
  without.pools.erase(without.pools.begin());
  BookMaker maker(MakeReference({MakePlanDocument(3), without}));
  maker.Submit(BeyondOf("beyond", "serving", "api", 1)).Submit(MakeForm("within"));
  const CapacityAnswer answer = maker.Decide({Granting("beyond", 1)});
  EXPECT_EQ(Code(answer), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Message(answer),
            "the grants of pool 'serving' beyond its allocation add up to 1 H100e from 2027-01-15 "
            "20:00:00Z on; expected none, since it is no pool of plan 'small' version 4");
  EXPECT_EQ(Code(maker.Decide({Granting("within", 1)})), absl::StatusCode::kFailedPrecondition);
  Decision shorter = Granting("beyond", 1);
  shorter.hours = 2;
  EXPECT_TRUE(maker.Decide({shorter}).status.ok()) << "it ends with the pool";
}

TEST(Decide, IsNotRefusedForWhatAPlanHasMadeTooMuch) {
  PlanDocument less = MakePlanDocument(4);
  less.effective_from_unix_nanos = At(11) * kNanosPerSecond;
  less.pools[0].allocation = AbsoluteAllocation{5};
  BookMaker maker(MakeReference({MakePlanDocument(3), less}));
  maker.Submit(MakeForm("old")).Grant("old");
  CapacityForm other = MakeForm("other");
  other.pool = "pretraining";
  other.team = "flagship";
  maker.Submit(other).Submit(MakeForm("more"));
  EXPECT_EQ(CheckCommitments(maker.book(), maker.reference(), kPresent).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(maker.Decide({Granting("other", 10)}).status.ok());
  EXPECT_EQ(Code(maker.Decide({Granting("more", 1)})), absl::StatusCode::kFailedPrecondition);
}

TEST(Decide, TakesRoundedAmountsThatMakeUpTheAllocation) {
  BookMaker maker;
  // 450 trainium2 are 300 H100e; each grant of one is rounded up to 0.666667.
  std::vector<Decision> decisions;
  for (int i = 0; i < 450; ++i) {
    CapacityForm form = MakeForm("req-" + std::to_string(i));
    form.chip = "trainium2";
    form.chips = 1;
    maker.Submit(form);
    decisions.push_back(Granting(form.request_id, 1));
  }
  EXPECT_TRUE(maker.Decide(decisions).status.ok());
  maker.Submit(MakeForm("one more"));
  EXPECT_EQ(Code(maker.Decide({Granting("one more", 1)})), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace fleetmeter::capacity::decide_testing
