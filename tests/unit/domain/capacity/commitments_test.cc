#include "daemon/domain/capacity/commitments.h"

#include "daemon/base/units.h"
#include "daemon/domain/capacity/check_form.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity {

bool operator==(const PoolSpan& a, const PoolSpan& b) {
  return a.from_unix_seconds == b.from_unix_seconds && a.to_unix_seconds == b.to_unix_seconds &&
         a.allocated_micro_h100e == b.allocated_micro_h100e &&
         a.committed_micro_h100e == b.committed_micro_h100e &&
         a.beyond_micro_h100e == b.beyond_micro_h100e &&
         a.uncommitted_micro_h100e == b.uncommitted_micro_h100e;
}

namespace commitments_testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CapacityForm Chips(const std::string& id, int64_t chips) {
  CapacityForm form = MakeForm(id);
  form.chips = chips;
  return form;
}

CapacityForm Between(CapacityForm form, int64_t from_hour, int64_t to_hour) {
  form.start_unix_seconds = At(from_hour);
  form.hours = to_hour - from_hour;
  return form;
}

std::vector<std::string> Names(const std::vector<Displaced>& displaced) {
  std::vector<std::string> names;
  for (const Displaced& each : displaced) {
    names.push_back(each.request_id + (each.granted ? " granted" : ""));
  }
  return names;
}

PoolSpan Span(int64_t from, int64_t to, int64_t allocated, int64_t committed, int64_t beyond = 0) {
  return {.from_unix_seconds = At(from),
          .to_unix_seconds = At(to),
          .allocated_micro_h100e = allocated * kMicro,
          .committed_micro_h100e = committed * kMicro,
          .beyond_micro_h100e = beyond * kMicro,
          .uncommitted_micro_h100e = (allocated + beyond - committed) * kMicro};
}

// --- Timeline

TEST(PoolTimeline, ChangesWithGrants) {
  BookMaker maker;
  maker.Submit(Between(Chips("a", 100), 2, 6)).Grant("a");
  maker.Submit(Between(Chips("b", 50), 4, 8)).Grant("b");
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "serving", At(0), At(10)),
              ElementsAre(Span(0, 2, 300, 0), Span(2, 4, 300, 100), Span(4, 6, 300, 150),
                          Span(6, 8, 300, 50), Span(8, 10, 300, 0)));
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "serving", At(3), At(5)),
              ElementsAre(Span(3, 4, 300, 100), Span(4, 5, 300, 150)));
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "chat", At(0), At(10)),
              ElementsAre(Span(0, 10, 50, 0)));
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "chat", At(5), At(5)), IsEmpty());
}

TEST(PoolTimeline, HasOneSpanWhereNothingChanges) {
  BookMaker maker;
  maker.Submit(Between(Chips("a", 100), 2, 4)).Grant("a");
  maker.Submit(Between(Chips("b", 100), 4, 6)).Grant("b");
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "serving", At(2), At(6)),
              ElementsAre(Span(2, 6, 300, 100)));
}

TEST(PoolTimeline, ChangesWithPlansAtFullHours) {
  PlanDocument later = MakePlanDocument(4);
  later.effective_from_unix_nanos = (At(3) + 1) * kNanosPerSecond;
  later.pools[0].allocation = AbsoluteAllocation{120};
  PlanDocument without = MakePlanDocument(5);
  without.effective_from_unix_nanos = At(6) * kNanosPerSecond;
  without.pools.erase(without.pools.begin());
  BookMaker maker(MakeReference({MakePlanDocument(3), later, without}));
  maker.Submit(Between(Beyond(Chips("a", 130)), 2, 8)).Grant("a");
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "serving", At(0), At(9)),
              ElementsAre(Span(0, 2, 300, 0), Span(2, 4, 300, 130, 130), Span(4, 6, 120, 130, 130),
                          Span(6, 8, 0, 130, 130), Span(8, 9, 0, 0)));
}

// --- Fit

TEST(DoesItFit, SaysSinceWhenAndUntilWhen) {
  BookMaker maker;
  maker.Submit(Between(Chips("a", 250), 12, 20)).Grant("a");
  maker.Submit(Between(Chips("b", 280), 40, 50)).Grant("b");
  const Fit fit = maker.FitOf(Chips("new", 100));  // from 10 to 15
  EXPECT_FALSE(fit.fits);
  EXPECT_EQ(fit.fits_micro_h100e, 50 * kMicro);
  EXPECT_EQ(fit.missing_micro_h100e, 50 * kMicro);
  EXPECT_EQ(fit.from_unix_seconds.value(), At(20));
  EXPECT_EQ(fit.until_unix_seconds.value(), At(40));
  const Fit small = maker.FitOf(Chips("new", 50));
  EXPECT_TRUE(small.fits);
  EXPECT_EQ(small.missing_micro_h100e, 0);
  EXPECT_EQ(small.from_unix_seconds.value(), At(10));
  EXPECT_EQ(small.until_unix_seconds.value(), At(40));
}

TEST(DoesItFit, NeedsAGapForTheWholeDuration) {
  BookMaker maker;
  maker.Submit(Between(Chips("a", 250), 10, 12)).Grant("a");
  maker.Submit(Between(Chips("b", 250), 16, 18)).Grant("b");
  const Fit fit = maker.FitOf(Chips("new", 100));
  EXPECT_EQ(fit.from_unix_seconds.value(), At(18)) << "four hours are not five";
  EXPECT_FALSE(fit.until_unix_seconds) << "no end is in sight";
}

TEST(DoesItFit, NeverWhereItIsMoreThanTheAllocation) {
  BookMaker maker;
  const Fit fit = maker.FitOf(Chips("new", 301));
  EXPECT_FALSE(fit.fits);
  EXPECT_EQ(fit.fits_micro_h100e, 300 * kMicro);
  EXPECT_EQ(fit.missing_micro_h100e, kMicro);
  EXPECT_FALSE(fit.from_unix_seconds);
  EXPECT_FALSE(fit.until_unix_seconds);
}

TEST(DoesItFit, LooksAheadForAYear) {
  BookMaker maker;
  const CapacityForm form = Chips("new", 100);
  maker.Submit(Between(Chips("a", 250), 10, 10 + kLookAheadHours)).Grant("a");
  EXPECT_EQ(maker.FitOf(form).from_unix_seconds.value(), At(10 + kLookAheadHours));
  BookMaker longer;
  longer.Submit(Between(Chips("a", 250), 10, 11 + kLookAheadHours)).Grant("a");
  EXPECT_FALSE(longer.FitOf(form).from_unix_seconds);
}

TEST(DoesItFit, DoesNotLookAtHoursThatAreOver) {
  BookMaker maker;
  maker.Submit(Between(Chips("a", 300), -5, 0)).Grant("a");
  const Fit fit = maker.FitOf(Between(Chips("new", 300), -3, 4));
  EXPECT_TRUE(fit.fits);
  EXPECT_EQ(fit.from_unix_seconds.value(), At(-3));
}

TEST(DoesItFit, TakesWhatIsGrantedBeyondFromNoAllocation) {
  BookMaker maker;
  maker.Submit(Beyond(Chips("extra", 50))).Grant("extra");
  EXPECT_EQ(maker.FitOf(Chips("new", 10)).fits_micro_h100e, 300 * kMicro);
  EXPECT_EQ(maker.FitOf(Beyond(Chips("new", 1))).fits_micro_h100e, 0);
}

TEST(DoesItFit, BeyondTheAllocationIsWhatTheCategoryAndTheSupplyLeave) {
  BookMaker maker;
  // 400 of inference, less the 350 that its pools are allocated.
  EXPECT_EQ(maker.FitOf(Beyond(Chips("new", 400))).fits_micro_h100e, 50 * kMicro);
  maker.Submit(Chips("within", 100)).Grant("within");
  EXPECT_EQ(maker.FitOf(Beyond(Chips("new", 400))).fits_micro_h100e, 50 * kMicro)
      << "the allocation is the owner's, whether it is granted or not";
}

TEST(DoesItFit, SaysWhoDecidesAndWhatIsNeededForIt) {
  BookMaker maker;
  const Fit within = maker.FitOf(Chips("new", 300));
  EXPECT_FALSE(within.is_beyond);
  EXPECT_FALSE(within.beyond);
  EXPECT_THAT(within.needs, IsEmpty());
  const Fit large = maker.FitOf(Chips("new", 350));
  EXPECT_FALSE(large.fits);
  ASSERT_TRUE(large.beyond);
  EXPECT_FALSE(large.beyond->fits);
  EXPECT_EQ(large.beyond->missing_micro_h100e, 300 * kMicro) << "50 are beyond the allocation";
  EXPECT_THAT(large.needs, ElementsAre("roi", "trade_off"));
  maker.Submit(Chips("held", 290)).Grant("held");
  const Fit more = maker.FitOf(Chips("new", 20));
  EXPECT_FALSE(more.fits);
  EXPECT_TRUE(more.beyond->fits);
  EXPECT_EQ(more.beyond->missing_micro_h100e, 0);
  CapacityForm bare = Chips("new", 20);
  bare.beyond_allocation = true;
  bare.roi = MakeRoi();
  const Fit beyond = maker.FitOf(bare);
  EXPECT_TRUE(beyond.fits);
  EXPECT_TRUE(beyond.is_beyond);
  EXPECT_THAT(beyond.needs, ElementsAre("trade_off"));
  EXPECT_THAT(maker.FitOf(Beyond(bare)).needs, IsEmpty());
}

// What is beyond allocations is ranked between pools, and taken from what they share.
TEST(DoesItFit, NamesTheRequestsOfOtherPoolsThatWouldNotFitAnyMore) {
  BookMaker maker;
  CapacityForm chat = Beyond(Chips("chat-more", 30));
  chat.pool = "chat";
  CapacityForm training = Beyond(Chips("training-more", 30));
  training.pool = "pretraining";
  maker.Submit(chat).Submit(training);
  CapacityForm critical = Beyond(Chips("new", 30));
  critical.nature = Nature::kCritical;
  EXPECT_THAT(Names(maker.FitOf(critical).displaces), ElementsAre("chat-more"))
      << "inference has 50 in all, and training has its own";
  critical.chips = 20;
  EXPECT_THAT(Names(maker.FitOf(critical).displaces), IsEmpty());
  critical.chips = 40;
  maker.Grant("chat-more").Grant("training-more");
  EXPECT_THAT(Names(maker.FitOf(critical).displaces), ElementsAre("chat-more granted"));
}

TEST(DoesItFit, NothingInWhatIsNoPoolOfThePlan) {
  PlanDocument without = MakePlanDocument(4);
  without.effective_from_unix_nanos = At(12) * kNanosPerSecond;
  without.pools.erase(without.pools.begin());
  BookMaker maker(MakeReference({MakePlanDocument(3), without}));
  for (const CapacityForm& form : {Chips("new", 1), Beyond(Chips("new", 1))}) {
    const Fit fit = maker.FitOf(form);
    EXPECT_FALSE(fit.fits);
    EXPECT_EQ(fit.fits_micro_h100e, 0);
    EXPECT_EQ(fit.missing_micro_h100e, kMicro);
    EXPECT_TRUE(maker.FitOf(Between(form, 10, 12)).fits) << "until the pool ends";
  }
}

TEST(DoesItFit, OfUnusableTimesIsNowhere) {
  BookMaker maker;
  for (const int64_t hours : {int64_t{0}, int64_t{-1}, INT64_MAX}) {
    CapacityForm form = Chips("new", 10);
    form.hours = hours;
    EXPECT_FALSE(maker.FitOf(form).fits);
    EXPECT_EQ(maker.FitOf(form).missing_micro_h100e, 10 * kMicro);
  }
  CapacityForm form = Chips("new", 10);
  form.start_unix_seconds = INT64_MAX - 5;
  EXPECT_FALSE(maker.FitOf(form).fits);
}

TEST(DoesItFit, NamesTheRequestsThatWouldNotFitAnyMore) {
  BookMaker maker;
  CapacityForm critical = Chips("critical", 150);
  critical.nature = Nature::kCritical;
  maker.Submit(critical)
      .Submit(Chips("bet", 150))
      .Submit(Chips("small", 100))
      .Submit(Chips("too-large", 301))
      .Submit(Between(Chips("later", 300), 15, 20))
      .Submit(Beyond(Chips("beyond", 300)));
  CapacityForm goal = Chips("new", 200);
  goal.nature = Nature::kCompanyGoal;
  goal.goal = "one";
  EXPECT_THAT(Names(maker.FitOf(goal).displaces), ElementsAre("bet"));
  goal.chips = 201;
  EXPECT_THAT(Names(maker.FitOf(goal).displaces), ElementsAre("bet", "small"));
  // The request itself, when it is asked about.
  EXPECT_THAT(Names(maker.FitOf(maker.Get("bet").form).displaces), IsEmpty());
}

TEST(DoesItFit, NamesTheGrantsOfLowerNatureThatWouldHaveToEnd) {
  BookMaker maker;
  CapacityForm goal = Chips("goal", 100);
  goal.nature = Nature::kCompanyGoal;
  maker.Submit(Chips("older", 80)).Submit(Chips("younger", 60)).Submit(goal);
  maker.Submit(Between(Chips("elsewhen", 200), 15, 30));
  maker.Grant("older").Grant("younger").Grant("goal").Grant("elsewhen");
  CapacityForm critical = Chips("new", 110);
  critical.nature = Nature::kCritical;
  EXPECT_THAT(Names(maker.FitOf(critical).displaces), ElementsAre("younger granted"));
  critical.chips = 150;
  EXPECT_THAT(Names(maker.FitOf(critical).displaces),
              ElementsAre("younger granted", "older granted"));
  critical.chips = 250;
  EXPECT_THAT(Names(maker.FitOf(critical).displaces),
              ElementsAre("younger granted", "older granted", "goal granted"));
  critical.chips = 301;
  EXPECT_THAT(Names(maker.FitOf(critical).displaces), IsEmpty()) << "that would not be enough";
  EXPECT_THAT(Names(maker.FitOf(Chips("bet", 110)).displaces), IsEmpty())
      << "a bet has nothing below it";
}

TEST(DoesItFit, SparesGrantsWhoseEndWouldNotHelp) {
  BookMaker maker;
  maker.Submit(Between(Chips("needed", 100), 12, 20)).Submit(Between(Chips("aside", 50), 8, 12));
  maker.Grant("needed").Grant("aside");  // the younger one would be the first to go
  CapacityForm critical = Between(Chips("new", 250), 10, 15);
  critical.nature = Nature::kCritical;
  EXPECT_THAT(Names(maker.FitOf(critical).displaces), ElementsAre("needed granted"));
  critical.chips = 200;
  EXPECT_THAT(Names(maker.FitOf(critical).displaces), IsEmpty()) << "it fits";
}

TEST(DoesItFit, NamesWhoCouldLendOverTheWholeTime) {
  BookMaker maker;
  CapacityForm lent = Between(Chips("lent", 60), 12, 13);
  lent.pool = "scaling";
  maker.Submit(lent).Grant("lent");
  const Fit fit = maker.FitOf(Chips("new", 500));
  ASSERT_EQ(fit.lenders.size(), 2u) << "chat and safety-lab lend nothing";
  EXPECT_EQ(fit.lenders[0].pool, "pretraining");
  EXPECT_EQ(fit.lenders[0].micro_h100e, 62'500'000) << "a quarter of 250";
  EXPECT_EQ(fit.lenders[1].pool, "scaling");
  EXPECT_EQ(fit.lenders[1].micro_h100e, 40 * kMicro);
}

TEST(DoesItFit, NamesNoMoreThanThePoolMayBorrow) {
  PlanDocument document = MakePlanDocument(3);
  document.pools[0].policy.borrowing_limit_h100e = 50;
  const Fit fit = BookMaker(MakeReference({document})).FitOf(Chips("new", 500));
  ASSERT_EQ(fit.lenders.size(), 2u);
  EXPECT_EQ(fit.lenders[0].micro_h100e, 50 * kMicro);
  document.pools[0].policy.borrowing_limit_h100e = 0;
  EXPECT_TRUE(BookMaker(MakeReference({document})).FitOf(Chips("new", 500)).lenders.empty());
}

}  // namespace
}  // namespace commitments_testing
}  // namespace fleetmeter::capacity
