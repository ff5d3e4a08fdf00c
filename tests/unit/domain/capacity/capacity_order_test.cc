#include "daemon/domain/capacity/capacity_order.h"

#include "daemon/base/units.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity::order_testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

absl::StatusCode Code(const CapacityAnswer& answer) { return answer.status.code(); }
std::string Message(const CapacityAnswer& answer) { return std::string(answer.status.message()); }

CapacityAnswer Withdraw(BookMaker* maker, const std::string& id, const std::string& reason) {
  return maker->Order({.identity = "bob", .reason = reason, .what = WithdrawOrder{id}});
}
CapacityAnswer Release(BookMaker* maker, const std::string& id, int64_t end,
                       int64_t now = kPresent) {
  return maker->Order({.identity = "bob", .reason = "done early", .what = ReleaseOrder{id, end}},
                      now);
}
CapacityAnswer Rank(BookMaker* maker, const std::string& pool, Nature nature,
                    std::vector<std::string> workloads, const std::string& reason = "why") {
  return maker->Order({.identity = "dora",
                       .reason = reason,
                       .what = RankOrder{pool, nature, std::move(workloads)}});
}
void ExpectNothingToDo(const CapacityAnswer& answer) {
  EXPECT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_TRUE(answer.nothing_to_do);
  EXPECT_TRUE(answer.events.empty());
}

// --- Submit

TEST(Submit, FillsWhatTheDaemonKnows) {
  BookMaker maker;
  maker.Submit(MakeForm("before"));
  CapacityForm form = MakeForm("req-1");
  form.chip = "trainium2";
  form.workload_type = "decode";
  const CapacityAnswer answer = maker.Submit(form, {}, "");
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  ASSERT_EQ(answer.events.size(), 1u);
  const CapacityEvent& event = answer.events.front();
  EXPECT_EQ(event.number, 2);
  EXPECT_EQ(event.at_unix_nanos, kPresent * kNanosPerSecond);
  EXPECT_EQ(event.action, Action::kSubmit);
  EXPECT_EQ(event.identity, "bob");
  EXPECT_EQ(event.request_id, "req-1");
  EXPECT_EQ(event.revision, 1);
  EXPECT_EQ(event.form, form);
  EXPECT_EQ(event.worth, (Worth{5'000'000, 7}));
  EXPECT_EQ(maker.Get("req-1").StateAt(kPresent), State::kSubmitted);
}

TEST(Submit, SaysEveryFaultOnALineOfItsOwn) {
  BookMaker maker;
  CapacityForm form = MakeForm("req-1");
  form.chips = 0;
  form.team = "nobody";
  const CapacityAnswer answer = maker.Submit(form, {}, "\x1b");
  EXPECT_EQ(Code(answer), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(answer),
              AllOf(StartsWith("team: "), HasSubstr("\nchips: is 0"), HasSubstr("\nreason: ")));
  EXPECT_EQ(maker.book().last_number(), 0);
}

TEST(Submit, OfTheSameFormAgainIsNothing) {
  BookMaker maker;
  EXPECT_FALSE(maker.Submit(MakeForm("req-1"), {}, "").nothing_to_do);
  ExpectNothingToDo(maker.Submit(MakeForm("req-1"), {}, "another word"));
  maker.Grant("req-1");
  ExpectNothingToDo(maker.Submit(MakeForm("req-1"), {}, ""));
  // Long after, when it could not be submitted any more.
  ExpectNothingToDo(maker.Order(
      {.identity = "bob", .reason = "", .what = SubmitOrder{MakeForm("req-1"), {}}}, At(9'000)));
  EXPECT_EQ(maker.book().last_number(), 2);
}

TEST(Submit, OfAnotherFormUnderTheSameIdSaysWhatDiffers) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  CapacityForm form = MakeForm("req-1");
  form.chips = 20;
  form.roi = MakeRoi();
  const CapacityAnswer answer = maker.Submit(form, {}, "");
  EXPECT_EQ(Code(answer), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Message(answer), AllOf(HasSubstr("chips is 10 there and 20 here"),
                                     HasSubstr("roi is nothing there and revenue of 1,000,000.00"),
                                     Not(HasSubstr("hours"))));
}

TEST(Submit, DoesNotTellWhatAnotherTeamAskedFor) {
  BookMaker maker;
  CapacityForm secret = MakeForm("req-1");
  secret.model = "unannounced";
  maker.Submit(secret);
  CapacityForm form = MakeForm("req-1");
  form.team = "batch";
  const CapacityAnswer answer = maker.Submit(form, {}, "");
  EXPECT_EQ(Code(answer), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Message(answer), AllOf(HasSubstr("team, model"), Not(HasSubstr("unannounced"))));
}

TEST(Submit, TakesNoWithdrawnFormAgain) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  EXPECT_TRUE(Withdraw(&maker, "req-1", "not needed").status.ok());
  const CapacityAnswer answer = maker.Submit(MakeForm("req-1"), {}, "");
  EXPECT_EQ(Code(answer), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(answer), AllOf(HasSubstr("\"bob\" withdrew it at 2027-01-15 08:20:00Z"),
                                     HasSubstr("another id")));
}

// --- Amend

TEST(Amend, ChangesWhatIsNotDecided) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  CapacityForm form = MakeForm("req-1");
  form.chips = 20;
  const CapacityAnswer answer = maker.Submit(form, 1, "more users");
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.events.front().action, Action::kAmend);
  EXPECT_EQ(answer.events.front().revision, 2);
  EXPECT_EQ(maker.Get("req-1").form, form);
  EXPECT_EQ(maker.Get("req-1").worth.micro_h100e, 20 * kMicro);
  EXPECT_EQ(maker.Get("req-1").asked_by, "alice") << "who asked stays";
  ExpectNothingToDo(maker.Submit(form, 1, "more users"));
}

TEST(Amend, NeedsAReasonAndARightForm) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  CapacityForm form = MakeForm("req-1");
  form.chips = -1;
  const CapacityAnswer answer = maker.Submit(form, 1, " \n");
  EXPECT_EQ(Code(answer), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(answer), AllOf(HasSubstr("chips: is -1"), HasSubstr("reason: is empty")));
}

TEST(Amend, OfAnOlderRevisionShowsWhatChangedSince) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  CapacityForm form = MakeForm("req-1");
  form.chips = 20;
  EXPECT_TRUE(maker.Submit(form, 1, "more users").status.ok());
  form.chips = 30;
  const CapacityAnswer answer = maker.Submit(form, 1, "mine");
  EXPECT_EQ(Code(answer), absl::StatusCode::kAborted);
  EXPECT_EQ(Message(answer),
            "request 'req-1' is at revision 2 and not at 1; since then \"bob\" amended it at "
            "2027-01-15 08:20:00Z (reason: \"more users\"): chips was 10 and is 20");
  EXPECT_EQ(Code(maker.Submit(form, 7, "mine")), absl::StatusCode::kAborted);
}

TEST(Amend, StaysWithTheTeamThatAsked) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  CapacityForm form = MakeForm("req-1");
  form.team = "batch";
  const CapacityAnswer answer = maker.Submit(form, 1, "mine now");
  EXPECT_EQ(Code(answer), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(answer), AllOf(StartsWith("team: "), Not(HasSubstr("api"))));
}

TEST(Amend, ChangesNothingThatIsDecided) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1")).Grant("req-1");
  CapacityForm form = MakeForm("req-1");
  form.chips = 20;
  const CapacityAnswer answer = maker.Submit(form, 1, "more");
  EXPECT_EQ(Code(answer), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(answer), HasSubstr("\"alice\" granted 10 chips from 2027-01-15 18:00:00Z"));
}

TEST(Amend, OfNoRequestNamesTheNearest) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  const CapacityAnswer answer = maker.Submit(MakeForm("req-2"), 1, "more");
  EXPECT_EQ(Code(answer), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(answer), HasSubstr("no request \"req-2\"; the nearest is 'req-1'"));
}

// --- Withdraw

TEST(WithdrawOrders, TakeBackWhatIsNotDecided) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  EXPECT_EQ(Code(Withdraw(&maker, "req-1", "")), absl::StatusCode::kInvalidArgument);
  const CapacityAnswer answer = Withdraw(&maker, "req-1", "not needed");
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.events.front().revision, 2);
  EXPECT_EQ(maker.Get("req-1").StateAt(kPresent), State::kWithdrawn);
  ExpectNothingToDo(Withdraw(&maker, "req-1", "not needed"));
}

TEST(WithdrawOrders, TakeBackNoGrant) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1")).Grant("req-1");
  const CapacityAnswer answer = Withdraw(&maker, "req-1", "not needed");
  EXPECT_EQ(Code(answer), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(answer), HasSubstr("by a release"));
  EXPECT_EQ(Code(Withdraw(&maker, "req-7", "not needed")), absl::StatusCode::kNotFound);
}

// --- Rank

TEST(RankOrders, AreOfAPoolANatureAndItsWorkloads) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  const CapacityAnswer answer =
      Rank(&maker, "serving", Nature::kGrowthBet, {"batch jobs", "completions"});
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.events.front().revision, 0);
  EXPECT_EQ(answer.events.front().request_id, "");
  EXPECT_EQ(maker.Get("req-1").StateAt(kPresent), State::kRanked);
  EXPECT_EQ(maker.book().orders().at({"serving", Nature::kGrowthBet}).identity, "dora");
}

TEST(RankOrders, AreGivenAgainOnlyForRequestsThatCameSince) {
  BookMaker maker;
  ExpectNothingToDo(Rank(&maker, "serving", Nature::kGrowthBet, {}));
  EXPECT_FALSE(Rank(&maker, "serving", Nature::kGrowthBet, {"completions"}).nothing_to_do);
  ExpectNothingToDo(Rank(&maker, "serving", Nature::kGrowthBet, {"completions"}));
  maker.Submit(MakeForm("req-1"));
  EXPECT_FALSE(Rank(&maker, "serving", Nature::kGrowthBet, {"completions"}).nothing_to_do);
  EXPECT_EQ(maker.Get("req-1").StateAt(kPresent), State::kRanked);
  EXPECT_FALSE(Rank(&maker, "serving", Nature::kGrowthBet, {}).nothing_to_do) << "taken back";
}

TEST(RankOrders, AreRefusedWithAllTheirFaults) {
  BookMaker maker;
  const CapacityAnswer answer =
      Rank(&maker, "servin", Nature::kCritical, {"a", "", "a", "b\n"}, "");
  EXPECT_EQ(Code(answer), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(answer),
              AllOf(StartsWith("pool: \"servin\" is not a pool"), HasSubstr("nearest is 'serving'"),
                    HasSubstr("workloads[1]: is empty"), HasSubstr("workloads[2]: is \"a\""),
                    HasSubstr("workloads[3]"), HasSubstr("reason: is empty")));
}

// --- Release

TEST(ReleaseOrders, MoveTheEndEarlier) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1")).Grant("req-1");
  const CapacityAnswer answer = Release(&maker, "req-1", At(13));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.events.front().revision, 3);
  EXPECT_EQ(maker.Get("req-1").grant->end_unix_seconds, At(13));
  ExpectNothingToDo(Release(&maker, "req-1", At(13)));
  for (const int64_t end : {At(14), At(9), At(12) + 1, INT64_MIN, INT64_MAX}) {
    const CapacityAnswer refused = Release(&maker, "req-1", end);
    EXPECT_EQ(Code(refused), absl::StatusCode::kInvalidArgument) << end;
    EXPECT_THAT(Message(refused),
                HasSubstr("from 2027-01-15 18:00:00Z on, and before 2027-01-15 21:00:00Z"));
  }
}

TEST(ReleaseOrders, LeaveWhatIsOverAsItWas) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1")).Grant("req-1");
  const int64_t now = At(13) + 1'200;
  EXPECT_EQ(Code(Release(&maker, "req-1", At(12), now)), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Release(&maker, "req-1", At(13), now).status.ok());
  EXPECT_EQ(maker.Get("req-1").StateAt(now), State::kEnded);
  EXPECT_EQ(Code(Release(&maker, "req-1", At(12), now)), absl::StatusCode::kFailedPrecondition);
}

TEST(ReleaseOrders, EndWhatHasNotBegun) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1")).Grant("req-1");
  EXPECT_TRUE(Release(&maker, "req-1", At(10)).status.ok());
  EXPECT_EQ(maker.Get("req-1").StateAt(kPresent), State::kEnded);
  CapacityForm all = MakeForm("all");
  all.chips = 300;
  maker.Submit(all);
  EXPECT_TRUE(maker.Decide({Granting("all", 300)}).status.ok()) << "its place is free";
}

TEST(ReleaseOrders, NeedAGrant) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  EXPECT_EQ(Code(Release(&maker, "req-1", At(13))), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code(Release(&maker, "req-2", At(13))), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code(maker.Order({.identity = "bob", .reason = "", .what = ReleaseOrder{"req-1", 0}})),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fleetmeter::capacity::order_testing
